%% Percent-encoding of any bytes: buckets and keys need not be UTF-8, and what is no escape stands for itself.
-module(standin_percent).

-export([decode/1, encode/1, query/1]).

decode(<<$%, High, Low, Rest/binary>>) ->
    case {hex(High), hex(Low)} of
        {H, L} when is_integer(H), is_integer(L) -> <<(H * 16 + L), (decode(Rest))/binary>>;
        _ -> <<$%, (decode(<<High, Low, Rest/binary>>))/binary>>
    end;
decode(<<Byte, Rest/binary>>) ->
    <<Byte, (decode(Rest))/binary>>;
decode(<<>>) ->
    <<>>.

hex(C) when C >= $0, C =< $9 -> C - $0;
hex(C) when C >= $A, C =< $F -> C - $A + 10;
hex(C) when C >= $a, C =< $f -> C - $a + 10;
hex(_) -> none.

encode(Bytes) ->
    << <<(escape(C))/binary>> || <<C>> <= Bytes >>.

escape(C) when C >= $0, C =< $9; C >= $A, C =< $Z; C >= $a, C =< $z; C =:= $-; C =:= $.; C =:= $_; C =:= $~ -> <<C>>;
escape(C) -> iolist_to_binary(io_lib:format("%~2.16.0B", [C])).

query(Text) ->
    [case binary:split(Pair, <<"=">>) of
         [Name, Value] -> {decode(Name), decode(Value)};
         [Name] -> {decode(Name), <<>>}
     end || Pair <- binary:split(Text, <<"&">>, [global])].
