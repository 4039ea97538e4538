%% What both protocols do with objects: any member takes a request and asks those who keep the key.
%%
%% A write is answered for once every replica that can be reached has it on its disk, and at least one has. A read takes
%% the newest of what they have.
-module(standin_kv).

-export([get/2, put/5, delete/2, keys/1, buckets/1]).
-export([local_get/2, local_keys/1]).

-define(TRIES, 50).

get(Typed, Key) ->
    when_up(fun() ->
                    standin_stats:count(node_gets),
                    shown(newest(Typed, Key, ?TRIES))
            end).

put(Typed, Key, Value, Type, Meta) ->
    when_up(fun() ->
                    standin_stats:count(node_puts),
                    replaced(Typed, Key, fun(Before) -> standin_object:new(Value, Type, Meta, Before) end)
            end).

delete(Typed, Key) ->
    when_up(fun() ->
                    case replaced(Typed, Key, fun standin_object:tombstone/1) of
                        {ok, _} -> ok;
                        Error -> Error
                    end
            end).

keys(Typed) ->
    when_up(fun() -> {ok, lists:usort([Key || {{_, T, Key}, true} <- listed(element(1, Typed)), T =:= Typed])} end).

buckets(Type) ->
    when_up(fun() -> {ok, lists:usort([Bucket || {{_, {_, Bucket}, _}, true} <- listed(Type)])} end).

shown({ok, Object}) ->
    case standin_object:live(Object) of
        true -> {ok, Object};
        false -> notfound
    end;
shown(Other) ->
    Other.

replaced(Typed, Key, Make) ->
    case newest(Typed, Key, ?TRIES) of
        {error, _} = Error ->
            Error;
        Before ->
            Object = Make(Before),
            case store(Typed, Key, Object, ?TRIES) of
                ok -> {ok, Object};
                Error -> Error
            end
    end.

%% {Epoch, Place, Nodes}, all from one ring.
place({Type, _} = Typed, Key) ->
    Epoch = standin_ring:epoch(),
    Home = standin_ring:partition({Typed, Key}),
    Nodes = standin_ring:places(Home, Type),
    case standin_ring:epoch() of
        Epoch -> {Epoch, {Home, Typed, Key}, Nodes};
        _ -> place(Typed, Key)
    end.

newest(_, _, 0) ->
    {error, timeout};
newest(Typed, Key, Tries) ->
    {Epoch, Place, Nodes} = place(Typed, Key),
    Answers = [A || {_, {ok, A}} <- call(readers(Nodes), local_get, [Epoch, Place])],
    case lists:member(stale, Answers) of
        true ->
            catch_up(),
            newest(Typed, Key, Tries - 1);
        false ->
            case [A || A <- Answers, A =/= foreign] of
                [] -> {error, all_nodes_down};
                Had -> latest([O || {ok, O} <- Had])
            end
    end.

latest([]) ->
    notfound;
latest(Objects) ->
    {_, Newest} = lists:max([{standin_object:stamp(O), O} || O <- Objects]),
    {ok, Newest}.

%% After a change by force the newest copy may be with somebody who is no replica any more.
readers(Nodes) ->
    case maps:get(unsettled, standin_ring:ring()) of
        {_, []} -> Nodes;
        _ -> [N || {N, _} <- standin_ring:members()]
    end.

local_get({Cluster, Version}, Place) ->
    case standin_ring:epoch() of
        {Cluster, Mine} when Mine > Version -> stale;
        {Cluster, _} -> standin_store:get(Place);
        _ -> foreign
    end.

store(_, _, _, 0) ->
    {error, timeout};
store(Typed, Key, Object, Tries) ->
    {Epoch, Place, Nodes} = place(Typed, Key),
    Answers = [{N, A} || {N, {ok, A}} <- call(Nodes, standin_store, merge, [Epoch, [{Place, Object}]])],
    Kept = [N || {N, ok} <- Answers],
    case {[A || {_, {stale, _} = A} <- Answers], [E || {_, {error, _} = E} <- Answers], Kept} of
        {[_ | _], _, _} ->
            catch_up(),
            store(Typed, Key, Object, Tries - 1);
        {_, [Error | _], _} ->
            Error;
        {_, _, []} ->
            {error, all_nodes_down};
        _ ->
            [standin_peers:owe(N, Missed) || Missed <- Nodes -- Kept, N <- Kept],
            ok
    end.

%% Somebody knows a newer ring: it is on its way, or has to be asked for.
catch_up() ->
    standin_peers:catch_up(),
    timer:sleep(20).

call(Nodes, Function, Args) ->
    call(Nodes, ?MODULE, Function, Args).

%% [{Node, {ok, Result} | Failure}] of those that can be reached. One that does not answer in time can not.
call(Nodes, Module, Function, Args) ->
    Up = [N || N <- Nodes, N =:= node() orelse lists:member(N, nodes())],
    lists:zip(Up, erpc:multicall(Up, Module, Function, Args, standin_service:knob("STANDIN_REPLICA_MS", 2000))).

listed(Type) ->
    Answers = call([N || {N, _} <- standin_ring:members()], local_keys, [Type]),
    Newest = lists:foldl(fun({Key, Stamp, Live}, Acc) ->
                                 case Acc of
                                     #{Key := {Other, _}} when Other >= Stamp -> Acc;
                                     _ -> Acc#{Key => {Stamp, Live}}
                                 end
                         end, #{}, lists:append([Keys || {_, {ok, Keys}} <- Answers])),
    [{Key, Live} || {Key, {_, Live}} <- maps:to_list(Newest)].

local_keys(Type) ->
    standin_store:fold(fun({_, {T, _}, _} = Key, Object, Acc) when T =:= Type ->
                               [{Key, standin_object:stamp(Object), standin_object:live(Object)} | Acc];
                          (_, _, Acc) -> Acc
                       end, []).

%% Until riak_kv is up no vnode of any node answers, and the real one says so in these words.
when_up(Fun) ->
    case standin_service:is_up(riak_kv) of
        true -> Fun();
        false -> {error, all_nodes_down}
    end.
