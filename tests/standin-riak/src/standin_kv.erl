%% What both protocols do with objects. With more members, here is where a request would find its owners.
-module(standin_kv).

-export([get/2, put/5, delete/2, keys/1, buckets/1]).

get(Typed, Key) ->
    when_up(fun() ->
                    standin_stats:count(node_gets),
                    standin_store:get(place(Typed, Key))
            end).

put(Typed, Key, Value, Type, Meta) ->
    when_up(fun() ->
                    standin_stats:count(node_puts),
                    Place = place(Typed, Key),
                    Object = standin_object:new(Value, Type, Meta, standin_store:get(Place)),
                    case standin_store:put(Place, Object) of
                        ok -> {ok, Object};
                        Error -> Error
                    end
            end).

delete(Typed, Key) ->
    when_up(fun() -> standin_store:delete(place(Typed, Key)) end).

keys(Typed) ->
    when_up(fun() ->
                    {ok, standin_store:fold(fun({_, T, Key}, _, Acc) when T =:= Typed -> [Key | Acc];
                                               (_, _, Acc) -> Acc
                                            end, [])}
            end).

buckets(Type) ->
    when_up(fun() ->
                    Seen = standin_store:fold(fun({_, {T, Bucket}, _}, _, Acc) when T =:= Type -> Acc#{Bucket => true};
                                                 (_, _, Acc) -> Acc
                                              end, #{}),
                    {ok, maps:keys(Seen)}
            end).

place(Typed, Key) ->
    {standin_ring:partition({Typed, Key}), Typed, Key}.

%% Until riak_kv is up no vnode of any node answers, and the real one says so in these words.
when_up(Fun) ->
    case standin_service:is_up(riak_kv) of
        true -> Fun();
        false -> {error, all_nodes_down}
    end.
