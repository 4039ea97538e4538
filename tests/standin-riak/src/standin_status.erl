%% What the members, the ring and handoff look like, in Riak's words.
-module(standin_status).

-export([members/0, membership/1, ringready/0, ring/0, transfers/0, cluster/0, cluster_json/0, partitions/1, count/1,
         partition/2, aae/0]).

members() ->
    {membership(standin_ring:ring()), ok}.

%% Of any ring, a planned one too.
membership(#{members := Members} = Ring) ->
    [standin_table:title("Membership"),
     "Status     Ring    Pending    Node\n", standin_table:rule(),
     [io_lib:format("~-8s ~6s%~s~s~n", [Status, percent(Node, owners, Ring), pending(Node, Ring), Node])
      || {Node, Status} <- ordered(Members)],
     standin_table:rule(),
     lists:join(" / ", [[Label, $:, integer_to_list(length([N || {N, S} <- Members, S =:= Status]))]
                        || {Label, Status} <- [{"Valid", valid}, {"Leaving", leaving}, {"Exiting", exiting},
                                               {"Joining", joining}, {"Down", down}]]), $\n].

ordered(Members) ->
    [{N, S} || {S, N} <- lists:sort([{S, N} || {N, S} <- Members])].

percent(Node, What, #{size := Size} = Ring) ->
    io_lib:format("~.1f", [standin_ring:share(Node, maps:get(What, Ring)) * 100 / Size]).

pending(_, #{owners := Same, next := Same}) -> "      --      ";
pending(Node, Ring) -> io_lib:format("  ~7s%    ", [percent(Node, next, Ring)]).

names() ->
    lists:sort([N || {N, _} <- standin_ring:members()]).

is_up(Node) ->
    Node =:= node() orelse lists:member(Node, nodes()).

%% [{Node, {ok, Result} | Failure}]
everywhere(Nodes, Module, Function) ->
    lists:zip(Nodes, erpc:multicall(Nodes, Module, Function, [], 5000)).

%% Nodes marked as down are not asked.
ringready() ->
    Nodes = lists:sort([N || {N, S} <- standin_ring:members(), S =/= down]),
    case [N || N <- names(), not is_up(N)] of
        [] ->
            Rings = everywhere(Nodes, standin_ring, owners),
            case [N || {N, R} <- Rings, R =/= {ok, standin_ring:owners()}] of
                [] -> {io_lib:format("TRUE All nodes agree on the ring ~p~n", [names()]), ok};
                [Other | _] -> {io_lib:format("FALSE ~p and ~p list different partition owners~n", [node(), Other]), error}
            end;
        Down ->
            {io_lib:format("FALSE ~p down.  All nodes need to be up to check.~n", [Down]), error}
    end.

ring() ->
    #{claimant := Claimant} = Ring = standin_ring:ring(),
    {Status, Ready} = case claimants_ring(Claimant) of
                          {ok, #{changed := V, ready := V}} -> {up, true};
                          {ok, _} -> {up, false};
                          down -> {down, unknown}
                      end,
    {[standin_table:title("Claimant"),
      io_lib:format("Claimant:  ~p~nStatus:     ~s~nRing Ready: ~s~n~n", [Claimant, Status, Ready]),
      standin_table:title("Ownership Handoff"), handoffs(Ring), $\n,
      standin_table:title("Unreachable Nodes"), unreachable(standin_peers:unreachable())], ok}.

%% Only the claimant knows what all have seen.
claimants_ring(Claimant) ->
    try {ok, erpc:call(Claimant, standin_ring, ring, [], 5000)} catch _:_ -> down end.

handoffs(#{owners := Same, next := Same}) ->
    "No pending changes.\n";
handoffs(#{owners := Owners, next := Next, step := Step, size := Size}) ->
    [[io_lib:format("Owner:      ~s~nNext Owner: ~s~n~n", [From, To]),
      [io_lib:format("Index: ~b~n  ~s~n~n", [standin_ring:index(P, Size), progress(P, To, Step)]) || P <- Partitions],
      standin_table:rule()]
     || {{From, To}, Partitions} <- standin_claim:transfers(Owners, Next)].

progress(Partition, To, Step) when is_list(Step) ->
    case lists:nth(Partition + 1, Step) of
        To -> "All transfers complete. Waiting for claimant to change ownership.";
        _ -> progress(Partition, To, none)
    end;
progress(_, _, none) ->
    "Waiting on: [riak_kv_vnode,riak_pipe_vnode]".

unreachable([]) ->
    "All nodes are up and reachable\n\n";
unreachable(Nodes) ->
    [io_lib:format("The following nodes are unreachable: ~p~n", [Nodes]),
     "\nWARNING: The cluster state will not converge until all nodes\n"
     "are up. Once the above nodes come back online, convergence\n"
     "will continue. If the outages are long-term or permanent, you\n"
     "can either mark the nodes as down (riak-admin down NODE) or\n"
     "forcibly remove the nodes from the cluster (riak-admin\n"
     "force-remove NODE) to allow the remaining nodes to settle.\n"].

transfers() ->
    {Up, Down} = lists:partition(fun is_up/1, names()),
    Waiting = [{N, C} || {N, {ok, C}} <- lists:reverse(everywhere(Up, standin_peers, waiting)), C > 0],
    {[[io_lib:format("Nodes ~p are currently down.~n", [Down]) || Down =/= []],
      case Waiting of
          [] -> "No transfers active\n";
          _ -> [io_lib:format("~p waiting to handoff ~b partitions~n", [N, C]) || {N, C} <- Waiting]
      end,
      "\nActive Transfers:\n\n\n",
      [io_lib:format("Node ~p could not be contacted~n", [N]) || N <- Down]], ok}.

cluster() ->
    Rows = [[[$\s, claimant_mark(Node), atom_to_list(Node), $\s], atom_to_list(Status), string:pad(Avail, 7, both),
             string:pad(Ring, 5, leading), cell(Pending)] || {Node, Status, Avail, Ring, Pending} <- rows()],
    {["---- Cluster Status ----\nRing ready: ", atom_to_list(agreed()), "\n\n",
      standin_table:draw(["node", "status", "avail", "ring", "pending"], Rows),
      "\nKey: (C) = Claimant; availability marked with '!' is unexpected\n"], ok}.

cell("--") -> "  --   ";
cell(Pending) -> string:pad(string:pad(Pending, 5, leading), 7, both).

rows() ->
    #{members := Members} = Ring = standin_ring:ring(),
    [{N, S, avail(S, is_up(N)), lists:flatten(percent(N, owners, Ring)), pending_cell(N, Ring)}
     || {N, S} <- ordered(Members)].

pending_cell(_, #{owners := Same, next := Same}) -> "--";
pending_cell(Node, Ring) -> lists:flatten(percent(Node, next, Ring)).

avail(down, false) -> "down";
avail(down, true) -> "up!";
avail(_, true) -> "up";
avail(_, false) -> "down!".

agreed() ->
    Up = [N || {N, S} <- standin_ring:members(), S =/= down, is_up(N)],
    Mine = {ok, standin_ring:version()},
    lists:all(fun({_, V}) -> V =:= Mine end, everywhere(Up, standin_ring, version)).

claimant_mark(Node) ->
    case maps:get(claimant, standin_ring:ring()) of
        Node -> "(C) ";
        _ -> "    "
    end.

cluster_json() ->
    Text = fun(T) -> {[{type, text}, {text, T}]} end,
    Rows = [{[{node, iolist_to_binary(string:trim([claimant_mark(Node), atom_to_list(Node)]))}, {status, Status},
              {avail, list_to_binary(Avail)}, {ring, list_to_binary(Ring)}, {pending, list_to_binary(Pending)}]}
            || {Node, Status, Avail, Ring, Pending} <- rows()],
    {[standin_json:encode([Text(<<"---- Cluster Status ----">>),
                           Text(iolist_to_binary(["Ring ready: ", atom_to_list(agreed()), $\n])),
                           {[{type, table}, {table, Rows}]},
                           Text(<<"Key: (C) = Claimant; availability marked with '!' is unexpected">>)]), $\n], ok}.

partitions(Node) ->
    #{size := Size, owners := Owners} = standin_ring:ring(),
    Numbered = lists:zip(lists:seq(0, Size - 1), Owners),
    Primary = [P || {P, O} <- Numbered, O =:= Node],
    {[io_lib:format("Partitions owned by ~p:~n", [Node]),
      standin_table:draw(["type", "index", "id"],
                         kind(" primary ", Primary, Size) ++ kind("secondary", secondary(Node), Size)
                         ++ kind(" stopped ", [], Size)),
      $\n], ok}.

kind(Kind, [], _) -> [[Kind, "--", "--"]];
kind(Kind, Partitions, Size) ->
    [[Kind, integer_to_list(standin_ring:index(P, Size)), integer_to_list(P)] || P <- Partitions].

%% Those that it holds data of and should not.
secondary(Node) ->
    try erpc:call(Node, standin_handoff, held, [], 5000) catch _:_ -> [] end.

count(all) ->
    {["Cluster-wide partition-count: ", integer_to_list(standin_ring:size()), $\n], ok};
count(Node) ->
    Count = integer_to_list(standin_ring:share(Node, standin_ring:owners())),
    Percent = lists:flatten(percent(Node, owners, standin_ring:ring())),
    Row = [atom_to_list(Node), Count, string:pad(Percent, 5, leading)],
    {[standin_table:draw(["node", "partitions", "pct"], [Row]), $\n], ok}.

%% By its number, or by where it begins.
partition(Kind, Text) ->
    Size = standin_ring:size(),
    Shown = fun(P) -> case Kind of id -> P; index -> standin_ring:index(P, Size) end end,
    Found = [P || P <- lists:seq(0, Size - 1), Text =:= integer_to_list(Shown(P))],
    case Found of
        [P] ->
            Owner = atom_to_list(lists:nth(P + 1, standin_ring:owners())),
            Row = [integer_to_list(standin_ring:index(P, Size)), integer_to_list(P), Owner],
            {[standin_table:draw(["index", "id", "node"], [Row]), $\n], ok};
        [] ->
            {["ERROR: ", case Kind of id -> "Id "; index -> "Index " end, Text, " is invalid.\n"], ok}
    end.

%% Nothing is exchanged here; the trees are as old as the node.
aae() ->
    #{size := Size, owners := Owners} = standin_ring:ring(),
    Mine = [standin_ring:index(P, Size) || {P, O} <- lists:zip(lists:seq(0, Size - 1), Owners), O =:= node()],
    Age = io_lib:format("~.1f s", [element(1, erlang:statistics(wall_clock)) / 1000]),
    {[standin_table:title("Exchanges"), "Index                                              Last (ago)    All (ago)   \n",
      standin_table:rule(), [io_lib:format("~-49b  --            --          ~n", [I]) || I <- Mine], $\n,
      standin_table:title("Entropy Trees"), "Index                                              Built (ago)\n",
      standin_table:rule(), [io_lib:format("~-49b  ~s~n", [I, Age]) || I <- Mine], $\n,
      standin_table:title("Keys Repaired"), "Index                                                Last      Mean      Max   \n",
      standin_table:rule()], ok}.
