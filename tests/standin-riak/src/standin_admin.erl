%% Admin commands, answered inside the node: {Text, Result}. The result is the last line, as a term; `none` prints none.
-module(standin_admin).

-export([run/1]).

run(["member-status"]) -> {member_status(), ok};
run(["ringready"]) -> ringready();
run(["ring-status"]) -> {ring_status(), ok};
run(["transfers"]) -> {"No transfers active\n\nActive Transfers:\n\n\n", ok};
run(["services"]) -> {"", standin_service:services()};
run(["services", Node]) -> {"", standin_service:services(list_to_atom(Node))};
run(["status"]) -> {status(), none};
run(["test"]) -> read_write();
run(["cluster", "status"]) -> {cluster_status(), ok};
run(["cluster", "status", "--format=json"]) -> {cluster_json(), ok};
run(["cluster", "plan"]) -> {"There are no staged changes\n", ok};
run(["cluster", "partitions"]) -> {partitions(), ok};
run(["cluster", "partition-count"]) -> {["Cluster-wide partition-count: ", integer_to_list(standin_ring:size()), $\n], ok};
run(["bucket-type", "list"]) -> {"default (active)\n", ok};
run(_) -> usage.

member_status() ->
    [standin_table:title("Membership"),
     "Status     Ring    Pending    Node\n", standin_table:rule(),
     [io_lib:format("~-8s  ~5s%      --      ~s~n", [Status, percent(Node), Node])
      || {Node, Status} <- standin_ring:members()],
     standin_table:rule(),
     lists:join(" / ", [[Label, $:, integer_to_list(how_many(Status))]
                        || {Label, Status} <- [{"Valid", valid}, {"Leaving", leaving}, {"Exiting", exiting},
                                               {"Joining", joining}, {"Down", down}]]), $\n].

percent(Node) ->
    io_lib:format("~.1f", [standin_ring:share(Node, standin_ring:owners()) * 100 / standin_ring:size()]).

how_many(Status) ->
    length([N || {N, S} <- standin_ring:members(), S =:= Status]).

ringready() ->
    {io_lib:format("TRUE All nodes agree on the ring ~p~n", [[N || {N, _} <- standin_ring:members()]]), ok}.

ring_status() ->
    [standin_table:title("Claimant"),
     io_lib:format("Claimant:  ~p~nStatus:     up~nRing Ready: true~n~n", [maps:get(claimant, standin_ring:ring())]),
     standin_table:title("Ownership Handoff"), "No pending changes.\n\n",
     standin_table:title("Unreachable Nodes"), "All nodes are up and reachable\n\n"].

status() ->
    [io_lib:format("1-minute stats for ~p~n-------------------------------------------~n", [node()]),
     [io_lib:format("~s : ~0p~n", [Name, shown(Value)]) || {Name, Value} <- standin_stats:all()]].

shown(Text) when is_binary(Text) -> binary_to_list(Text);
shown(Value) -> Value.

read_write() ->
    Typed = {<<"default">>, <<"__riak_client_test__">>},
    Value = integer_to_binary(os:system_time()),
    Wrote = standin_kv:put(Typed, <<"key">>, Value, <<"text/plain">>, []),
    case {Wrote, standin_kv:get(Typed, <<"key">>)} of
        {{ok, _}, {ok, #{value := Value}}} ->
            {io_lib:format("Successfully completed 1 read/write cycle to ~p~n", [node()]), none};
        {Error, _} ->
            {io_lib:format("Failed to read/write test value: ~p~n", [Error]), error}
    end.

cluster_status() ->
    Rows = [[[$\s, claimant_mark(Node), atom_to_list(Node), $\s], atom_to_list(Status), "  up   ",
             string:pad(percent(Node), 5, leading), "  --   "] || {Node, Status} <- standin_ring:members()],
    ["---- Cluster Status ----\nRing ready: true\n\n",
     standin_table:draw(["node", "status", "avail", "ring", "pending"], Rows),
     "\nKey: (C) = Claimant; availability marked with '!' is unexpected\n"].

claimant_mark(Node) ->
    case maps:get(claimant, standin_ring:ring()) of
        Node -> "(C) ";
        _ -> "    "
    end.

cluster_json() ->
    Text = fun(T) -> {[{type, text}, {text, T}]} end,
    Rows = [{[{node, iolist_to_binary(string:trim([claimant_mark(Node), atom_to_list(Node)]))}, {status, Status},
              {avail, up}, {ring, iolist_to_binary(percent(Node))}, {pending, <<"--">>}]}
            || {Node, Status} <- standin_ring:members()],
    [standin_json:encode([Text(<<"---- Cluster Status ----">>), Text(<<"Ring ready: true\n">>),
                          {[{type, table}, {table, Rows}]},
                          Text(<<"Key: (C) = Claimant; availability marked with '!' is unexpected">>)]), $\n].

partitions() ->
    Size = standin_ring:size(),
    Owned = [P || {P, Owner} <- lists:zip(lists:seq(0, Size - 1), standin_ring:owners()), Owner =:= node()],
    Rows = [[" primary ", integer_to_list(standin_ring:index(P, Size)), integer_to_list(P)] || P <- Owned],
    [io_lib:format("Partitions owned by ~p:~n", [node()]),
     standin_table:draw(["type", "index", "id"], Rows ++ [["secondary", "--", "--"], [" stopped ", "--", "--"]]), $\n].
