%% Admin commands, answered inside the node: {Text, Result}, {exit, Text, Code} or usage. The result is the last line, as
%% a term; `none` prints none.
-module(standin_admin).

-export([run/1]).

run(["member-status"]) -> standin_status:members();
run(["ringready"]) -> standin_status:ringready();
run(["ring-status"]) -> standin_status:ring();
run(["transfers"]) -> standin_status:transfers();
run(["aae-status"]) -> standin_status:aae();
run(["services"]) -> {"", standin_service:services()};
run(["services", Node]) -> {"", standin_service:services(list_to_atom(Node))};
run(["status"]) -> {status(), none};
run(["test"]) -> read_write();
run(["down", Node]) -> standin_cluster:down(Node);
run(["down" | _]) -> {exit, "Usage: riak-admin down <node>\n", 1};
run(["cluster" | Words]) -> standin_cluster:run(Words);
run(["bucket-type" | Words]) -> standin_bucket_type:run(Words);
run(_) -> usage.

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
