%% The hidden node behind `riak ping`, `pid`, `stop` and `admin`: one question, the answer in Riak's words, an exit code.
-module(standin_ctl).

-export([main/0]).

main() ->
    [Target | Command] = init:get_plain_arguments(),
    Node = list_to_atom(Target),
    case net_kernel:hidden_connect_node(Node) of
        true -> finish(command(Node, Command));
        _ -> finish({io_lib:format("Node ~s is not responding to pings~n", [Target]), 1})
    end.

-spec finish({iodata(), byte()}) -> no_return().
finish({Text, Code}) ->
    ok = io:put_chars(Text),
    halt(Code).

command(_, ["ping"]) -> {"pong\n", 0};
command(Node, ["pid"]) -> {[call(Node, os, getpid, []), $\n], 0};
command(Node, ["stop"]) -> {result(call(Node, init, stop, [])), 0};
command(Node, ["admin" | Words]) -> admin(call(Node, standin_admin, run, [Words]), Words).

admin({Text, Result}, _) -> {[Text, result(Result)], 0};
admin({exit, Text, Code}, _) -> {Text, Code};
admin(usage, Words) -> {["standin-riak has no answer to: admin ", lists:join($\s, Words), $\n], 1}.

result(none) -> "";
result(Term) -> io_lib:format("~p~n", [Term]).

call(Node, Module, Function, Args) ->
    try erpc:call(Node, Module, Function, Args, 60000)
    catch Class:Why -> finish({io_lib:format("RPC to ~p failed: ~0p~n", [Node, {Class, Why}]), 1})
    end.
