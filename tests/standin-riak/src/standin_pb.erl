%% One protocol-buffers connection: length, code, message; answered in order.
-module(standin_pb).

-export([serve/1]).

-define(MAX_MESSAGE, 104857600).

serve(Socket) ->
    standin_stats:count(pbc_connects),
    loop(Socket).

loop(Socket) ->
    case receive_message(Socket) of
        {ok, Code, Body} ->
            Answers = try answer(Code, Body)
                      catch throw:bad_message -> [broken(Body)]
                      end,
            case gen_tcp:send(Socket, [frame(A) || A <- Answers]) of
                ok -> loop(Socket);
                {error, _} -> gen_tcp:close(Socket)
            end;
        closed ->
            gen_tcp:close(Socket)
    end.

receive_message(Socket) ->
    case gen_tcp:recv(Socket, 4) of
        {ok, <<Length:32>>} when Length > 0, Length =< ?MAX_MESSAGE ->
            case gen_tcp:recv(Socket, Length) of
                {ok, <<Code, Body/binary>>} -> {ok, Code, Body};
                {error, _} -> closed
            end;
        _ ->
            closed
    end.

frame({Code, Body}) ->
    [<<(iolist_size(Body) + 1):32, Code>>, Body].

broken(Body) ->
    failure(io_lib:format("Error processing incoming message: error:{decoding_failure,~p}", [Body])).

failure(Text) ->
    {0, standin_proto:encode([{1, Text}, {2, 0}])}.

answer(1, _) ->
    [{2, <<>>}];
answer(7, _) ->
    [{8, standin_proto:encode([{1, atom_to_binary(node())}, {2, <<"3.2.3">>}])}];
answer(9, Body) ->
    Get = standin_proto:decode(Body),
    [with_bucket(Get, 13, fun(Typed, Key) -> got(standin_kv:get(Typed, Key), Get) end)];
answer(11, Body) ->
    Put = standin_proto:decode(Body),
    [with_bucket(Put, 16, fun(Typed, Key) -> stored(Typed, Key, Put) end)];
answer(13, Body) ->
    [with_bucket(standin_proto:decode(Body), 13, fun deleted/2)];
answer(15, Body) ->
    Type = standin_proto:field(3, standin_proto:decode(Body), <<"default">>),
    [listed(16, standin_kv:buckets(Type), [])];
answer(17, Body) ->
    List = standin_proto:decode(Body),
    Typed = {standin_proto:field(3, List, <<"default">>), standin_proto:field(1, List, <<>>)},
    [listed(18, standin_kv:keys(Typed), [{2, 1}])];
answer(33, Body) ->
    [with_bucket(standin_proto:decode(Body), 3, fun preflist/2)];
answer(Code, _) ->
    [failure(["Unknown message code: ", integer_to_list(Code)])].

%% Bucket and key are fields 1 and 2 of every request about an object; its type's number differs.
with_bucket(Fields, TypeNumber, Fun) ->
    Type = standin_proto:field(TypeNumber, Fields, <<"default">>),
    case {standin_ring:type(Type), standin_proto:field(1, Fields)} of
        {unknown, _} -> failure("no_type");
        {_, Bucket} when is_binary(Bucket) -> Fun({Type, Bucket}, standin_proto:field(2, Fields));
        _ -> throw(bad_message)
    end.

got({ok, Object}, Get) ->
    Vclock = standin_object:vclock(Object),
    case standin_proto:field(7, Get) of
        Vclock ->
            {10, standin_proto:encode([{3, 1}])};
        _ ->
            Head = standin_proto:field(8, Get, 0) =/= 0,
            {10, standin_proto:encode([{1, content(Object, Head)}, {2, Vclock}])}
    end;
got(notfound, _) ->
    {10, <<>>};
got({error, Why}, _) ->
    failure(io_lib:format("~p", [Why])).

content(#{value := Value, type := Type, vtag := Vtag, time := Time, meta := Meta}, Head) ->
    Shown = case Head of true -> <<>>; false -> Value end,
    standin_proto:encode([{1, Shown}, {2, Type}, {5, Vtag}, {7, Time div 1000000}, {8, Time rem 1000000}]
                         ++ [{9, standin_proto:encode([{1, K}, {2, V}])} || {<<"x-riak-meta-", K/binary>>, V} <- Meta]).

stored(Typed, undefined, Put) ->
    Key = integer_to_binary(erlang:phash2({node(), make_ref()}, 1 bsl 32), 36),
    stored(Typed, Key, Put, [{3, Key}]);
stored(Typed, Key, Put) ->
    stored(Typed, Key, Put, []).

stored(Typed, Key, Put, Named) ->
    Content = standin_proto:decode(bytes(standin_proto:field(4, Put))),
    Meta = [{<<"x-riak-meta-", (standin_proto:field(1, P))/binary>>, standin_proto:field(2, P, <<>>)}
            || Pair <- standin_proto:fields(9, Content), P <- [standin_proto:decode(Pair)]],
    Type = standin_proto:field(2, Content, <<"application/octet-stream">>),
    case standin_kv:put(Typed, Key, bytes(standin_proto:field(1, Content)), Type, Meta) of
        {ok, Object} ->
            Body = [{1, content(Object, false)} || standin_proto:field(7, Put, 0) =/= 0],
            Clock = [{2, standin_object:vclock(Object)} || Body =/= []],
            {12, standin_proto:encode(Body ++ Clock ++ Named)};
        {error, Why} ->
            failure(io_lib:format("~p", [Why]))
    end.

bytes(Value) when is_binary(Value) -> Value;
bytes(_) -> throw(bad_message).

deleted(Typed, Key) ->
    case standin_kv:delete(Typed, bytes(Key)) of
        ok -> {14, <<>>};
        {error, Why} -> failure(io_lib:format("~p", [Why]))
    end.

listed(Code, {ok, Items}, Last) ->
    {Code, standin_proto:encode([{1, I} || I <- Items] ++ Last)};
listed(_, {error, Why}, _) ->
    failure(io_lib:format("~p", [Why])).

preflist({Type, _} = Typed, Key) ->
    {ok, Props} = standin_ring:type(Type),
    Up = [node() | nodes()],
    {34, standin_proto:encode([{1, standin_proto:encode([{1, P}, {2, atom_to_binary(N)}, {3, 1}])}
                               || {P, N} <- standin_ring:preflist({Typed, bytes(Key)}, proplists:get_value(n_val, Props)),
                                  lists:member(N, Up)])}.
