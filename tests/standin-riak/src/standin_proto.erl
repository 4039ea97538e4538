%% Protocol buffers' wire format: as much as Riak's messages use.
-module(standin_proto).

-export([decode/1, encode/1, field/2, field/3, fields/2]).

%% [{Number, Integer | Binary}], in the order of the message; throws bad_message.
decode(<<>>) ->
    [];
decode(Bytes) ->
    {Tag, Rest} = varint(Bytes, 0, 0),
    {Value, Rest1} = value(Tag band 7, Rest),
    [{Tag bsr 3, Value} | decode(Rest1)].

value(0, Bytes) ->
    varint(Bytes, 0, 0);
value(1, <<N:64/little, Rest/binary>>) ->
    {N, Rest};
value(2, Bytes) ->
    case varint(Bytes, 0, 0) of
        {Length, Rest} when byte_size(Rest) >= Length ->
            <<Value:Length/binary, Rest1/binary>> = Rest,
            {Value, Rest1};
        _ ->
            throw(bad_message)
    end;
value(5, <<N:32/little, Rest/binary>>) ->
    {N, Rest};
value(_, _) ->
    throw(bad_message).

varint(<<More:1, Bits:7, Rest/binary>>, Shift, Acc) when Shift < 64 ->
    case More of
        1 -> varint(Rest, Shift + 7, Acc bor (Bits bsl Shift));
        0 -> {Acc bor (Bits bsl Shift), Rest}
    end;
varint(_, _, _) ->
    throw(bad_message).

field(Number, Fields) ->
    field(Number, Fields, undefined).

%% Of a field given twice the last one counts.
field(Number, Fields, Default) ->
    case fields(Number, Fields) of
        [] -> Default;
        Values -> lists:last(Values)
    end.

fields(Number, Fields) ->
    [V || {N, V} <- Fields, N =:= Number].

%% Integers become varints, all else bytes.
encode(Fields) ->
    [one(Number, Value) || {Number, Value} <- Fields].

one(Number, Value) when is_integer(Value) ->
    [uint(Number bsl 3), uint(Value)];
one(Number, Value) ->
    [uint(Number bsl 3 bor 2), uint(iolist_size(Value)), Value].

uint(N) when N < 128 -> <<N>>;
uint(N) -> [<<(N band 127 bor 128)>>, uint(N bsr 7)].
