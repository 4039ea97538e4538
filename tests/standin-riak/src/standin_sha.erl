%% SHA-1 (FIPS 180-4) in plain Erlang: a host that has Erlang may lack its crypto application.
-module(standin_sha).

-export([hash/1]).

-define(WORD(X), ((X) band 16#FFFFFFFF)).

hash(Data) ->
    Bits = bit_size(Data),
    Zeros = (448 - (Bits + 1)) band 511,
    blocks(<<Data/binary, 1:1, 0:Zeros, Bits:64>>,
           {16#67452301, 16#EFCDAB89, 16#98BADCFE, 16#10325476, 16#C3D2E1F0}).

blocks(<<>>, {A, B, C, D, E}) ->
    <<A:32, B:32, C:32, D:32, E:32>>;
blocks(<<Block:64/binary, Rest/binary>>, {A, B, C, D, E} = H) ->
    Words = list_to_tuple([W || <<W:32>> <= Block]),
    {A1, B1, C1, D1, E1} = rounds(0, Words, H),
    blocks(Rest, {?WORD(A + A1), ?WORD(B + B1), ?WORD(C + C1), ?WORD(D + D1), ?WORD(E + E1)}).

rounds(80, _, H) ->
    H;
rounds(T, Words, {A, B, C, D, E}) ->
    {F, K} = mix(T, B, C, D),
    {W, Next} = schedule(T, Words),
    rounds(T + 1, Next, {?WORD(rotate(A, 5) + F + E + K + W), A, rotate(B, 30), C, D}).

%% The schedule needs only the last sixteen words; word T stands at T rem 16.
schedule(T, Words) when T < 16 ->
    {element(T + 1, Words), Words};
schedule(T, Words) ->
    At = fun(Back) -> element((T - Back) rem 16 + 1, Words) end,
    W = rotate(At(3) bxor At(8) bxor At(14) bxor At(16), 1),
    {W, setelement(T rem 16 + 1, Words, W)}.

mix(T, B, C, D) when T < 20 -> {(B band C) bor ((bnot B) band D), 16#5A827999};
mix(T, B, C, D) when T < 40 -> {B bxor C bxor D, 16#6ED9EBA1};
mix(T, B, C, D) when T < 60 -> {(B band C) bor (B band D) bor (C band D), 16#8F1BBCDC};
mix(_, B, C, D) -> {B bxor C bxor D, 16#CA62C1D6}.

rotate(X, N) ->
    ?WORD(X bsl N) bor (X bsr (32 - N)).
