%% `admin cluster …` and `admin down`: what stages and commits changes, in Riak's words.
-module(standin_cluster).

-export([run/1, down/1]).

run(["join", Name]) -> joined(Name, join(list_to_atom(Name)));
run(["leave"]) -> run(["leave", atom_to_list(node())]);
run(["leave", Name]) -> staged(Name, leave, "leave request for ");
run(["force-remove", Name]) -> staged(Name, remove, "remove request for ");
run(["replace", Old, New]) -> staged(Old, {replace, list_to_atom(New)}, "replacement of ");
run(["force-replace", Old, New]) -> staged(Old, {force_replace, list_to_atom(New)}, "forced replacement of ");
run(["plan"]) -> planned(ask(plan));
run(["commit"]) -> committed(ask({change, commit}));
run(["clear"]) -> cleared();
run(["status"]) -> standin_status:cluster();
run(["status", "--format=json"]) -> standin_status:cluster_json();
run(["partitions"]) -> standin_status:partitions(node());
run(["partitions", "--node=" ++ Node]) -> standin_status:partitions(list_to_atom(Node));
run(["partition-count"]) -> standin_status:count(all);
run(["partition-count", "--node=" ++ Node]) -> standin_status:count(list_to_atom(Node));
run(["partition", "id=" ++ Id]) -> standin_status:partition(id, Id);
run(["partition", "index=" ++ Index]) -> standin_status:partition(index, Index);
run(["join" | _]) -> usage("join <node>");
run(["leave" | _]) -> usage("leave [<node>]");
run(["force-remove" | _]) -> usage("force-remove <node>");
run(["replace" | _]) -> usage("replace <node1> <node2>");
run(["force-replace" | _]) -> usage("force-replace <node1> <node2>");
run([Word | _]) when Word =:= "plan"; Word =:= "commit"; Word =:= "clear" -> usage(Word);
run(_) -> usage.

usage(Text) ->
    {exit, ["Usage: riak-admin cluster ", Text, $\n], 1}.

%% With the claimant gone these end as the real one's do: the call fails, exit status 1.
ask(Question) ->
    try standin_ring:ask(Question)
    catch exit:Why -> {exit, io_lib:format("RPC to ~p failed: ~p~n", [node(), {'EXIT', Why}]), 1}
    end.

join(Node) when Node =:= node() ->
    {error, self_join};
join(Node) ->
    case {standin_ring:others(), net_kernel:connect_node(Node)} of
        {_, Up} when Up =/= true -> {error, not_reachable};
        {[_ | _], _} -> {error, already_member};
        {[], _} -> join_ring_of(Node)
    end.

join_ring_of(Node) ->
    try
        #{claimant := Claimant} = erpc:call(Node, standin_ring, ring, [], 5000),
        case standin_ring:change(Claimant, {join, node(), standin_ring:size()}) of
            {ok, Ring} -> standin_ring:adopt(Ring);
            Error -> Error
        end
    catch
        _:Why ->
            logger:warning("join of ~s: ~0p", [Node, Why]),
            {error, failed}
    end.

joined(Name, ok) ->
    {io_lib:format("Success: staged join request for ~p to ~p~n", [node(), list_to_atom(Name)]), ok};
joined(Name, {error, Why}) ->
    {case Why of
         not_reachable -> ["Node ", Name, " is not reachable!\n"];
         already_member -> "Failed: This node is already a member of a cluster\n";
         self_join -> "Failed: This node cannot join itself in a cluster\n";
         different_size -> ["Failed: ", Name, " has a different ring_creation_size\n"];
         _ -> "Join failed. Try again in a few moments.\n"
     end, error}.

staged(Name, Action, Words) ->
    Node = list_to_atom(Name),
    try standin_ring:change({stage, Node, Action}) of
        {ok, _} -> {io_lib:format("Success: staged ~s~p~s~n", [Words, Node, with(Action)]), ok};
        {error, already_leaving} -> {io_lib:format("~p is already in the process of leaving the cluster.~n", [Node]), ok};
        {error, Why} -> {["Failed: ", failure(Why, Node)], error}
    catch
        exit:Why ->
            logger:error("staging ~0p of ~s: ~0p", [Action, Node, Why]),
            {[verb(Action), " failed, see log for details\n"], error}
    end.

with({_, New}) -> io_lib:format(" with ~p", [New]);
with(_) -> "".

verb(leave) -> "Leave";
verb(remove) -> "Force-remove";
verb({replace, _}) -> "Replacement";
verb({force_replace, _}) -> "Forced replacement".

failure(not_member, Node) ->
    io_lib:format("~p is not a member of the cluster.~n", [Node]);
failure(only_member, Node) ->
    io_lib:format("~p is the only member.~n", [Node]);
failure({invalid_replacement, New}, _) ->
    io_lib:format("~p is not a valid replacement candidate.~n"
                  "Only newly joining nodes can be used for replacement.~n", [New]);
failure(is_claimant, Node) ->
    io_lib:format("~p is the claimant (see: riak-admin ring_status).~n"
                  "The claimant is the node responsible for initiating cluster changes,~n"
                  "and cannot forcefully remove itself. You can use 'riak-admin down' to~n"
                  "mark the node as offline, which will trigger a new claimant to take~n"
                  "over.  However, this will clear any staged changes.~n", [Node]);
failure(Why, _) ->
    io_lib:format("~p~n", [Why]).

cleared() ->
    try standin_ring:change(clear) of
        {ok, _} -> {"Cleared staged cluster changes\n", ok}
    catch
        exit:Why ->
            logger:error("clear: ~0p", [Why]),
            {"Failed to clear staged cluster changes, see log for details\n", error}
    end.

committed({ok, _}) -> {"Cluster changes committed\n", ok};
committed({error, nothing_planned}) ->
    {"You must verify the plan with 'riak-admin cluster plan' before committing\n", ok};
committed({error, plan_changed}) ->
    {"The plan has changed. Verify with 'riak-admin cluster plan' before committing\n", ok};
committed({error, ring_not_ready}) -> {not_ready("commit"), ok};
committed({exit, _, _} = Exit) -> Exit;
committed({error, Why}) -> {io_lib:format("Commit failed: ~p~n", [Why]), error}.

not_ready(Verb) ->
    ["Cannot ", Verb, " until cluster state has converged.\nCheck 'Ring Ready' in 'riak-admin ring_status'\n"].

planned({error, ring_not_ready}) -> {not_ready("plan"), ok};
planned({ok, _, [], _}) -> {"There are no staged changes\n", ok};
planned({ok, Ring, Changes, Rings}) -> {plan(Ring, Changes, Rings), ok};
planned(Exit) -> Exit.

plan(Ring, Changes, Rings) ->
    Count = length(Rings),
    [standin_table:title("Staged Changes"), "Action         Details(s)\n", standin_table:rule(),
     [change(C) || C <- Changes], standin_table:rule(), $\n,
     [io_lib:format("WARNING: All of ~p replicas will be lost~n", [N]) || {N, A} <- Changes, forced(A)],
     io_lib:format("~nNOTE: Applying these changes will result in ~b cluster transition~s~n~n", [Count, plural(Count)]),
     [transition(N, Count, Before, After)
      || {N, Before, After} <- lists:zip3(lists:seq(1, Count), [Ring | lists:droplast(Rings)], Rings)]].

plural(1) -> "";
plural(_) -> "s".

forced(remove) -> true;
forced({force_replace, _}) -> true;
forced(_) -> false.

change({Node, {replace, New}}) -> io_lib:format("replace        ~p with ~p~n", [Node, New]);
change({Node, {force_replace, New}}) -> io_lib:format("force-replace  ~p with ~p~n", [Node, New]);
change({Node, remove}) -> io_lib:format("force-remove   ~p~n", [Node]);
change({Node, Action}) -> io_lib:format("~-15s~p~n", [Action, Node]).

transition(N, Count, #{owners := Before}, #{owners := Owners, next := Next} = After) ->
    Hashes = [lists:duplicate(79, $#), $\n],
    Reassigned = case N of 1 -> standin_claim:transfers(Before, Owners); _ -> [] end,
    [Hashes, lists:duplicate(25, $\s), io_lib:format("After cluster transition ~b/~b~n", [N, Count]), Hashes, $\n,
     standin_status:membership(After), $\n,
     ["WARNING: Not all replicas will be on distinct nodes\n\n" || not standin_claim:distinct(Next)],
     moves("Partitions reassigned from cluster changes: ", " reassigned from ", Reassigned),
     moves("Transfers resulting from cluster changes: ", " transfers from ", standin_claim:transfers(Owners, Next))].

moves(_, _, []) ->
    [];
moves(Title, Words, Moves) ->
    [Title, integer_to_list(lists:sum([length(Ps) || {_, Ps} <- Moves])), $\n,
     [io_lib:format("  ~b~s~p to ~p~n", [length(Ps), Words, From, To]) || {{From, To}, Ps} <- Moves], $\n].

%% Of a claimant that is gone the first of those left takes over.
down(Name) ->
    Node = list_to_atom(Name),
    Members = standin_ring:members(),
    Up = [node() | nodes()],
    case {lists:keymember(Node, 1, Members), lists:member(Node, Up)} of
        {false, _} -> {io_lib:format("Failed: ~p is not a member of the cluster.~n", [Name]), error};
        {true, true} -> {["Failed: ", Name, " is up\n"], error};
        {true, false} ->
            Heirs = [N || {N, valid} <- lists:sort(Members), lists:member(N, Up)],
            marked(Name, Node, maps:get(claimant, standin_ring:ring()), Heirs)
    end.

marked(Name, Node, Node, [First | _]) -> marked(Name, Node, First, []);
marked(Name, Node, Claimant, _) ->
    try standin_ring:change(Claimant, {down, Node}) of
        {ok, _} -> {io_lib:format("Success: ~p marked as down~n", [Name]), ok};
        {error, Why} -> {io_lib:format("Failed: ~p~n", [Why]), error}
    catch
        exit:Why ->
            logger:error("down of ~s: ~0p", [Node, Why]),
            {"Down failed, see log for details\n", error}
    end.
