%% JSON text from and to Erlang terms: {[{Name, Value}]} objects, lists, binaries, numbers, atoms.
-module(standin_json).

-export([encode/1, decode/1]).

encode({Members}) -> [${, lists:join($,, [[string(K), $:, encode(V)] || {K, V} <- Members]), $}];
encode(List) when is_list(List) -> [$[, lists:join($,, [encode(V) || V <- List]), $]];
encode(Text) when is_binary(Text) -> string(Text);
encode(Bare) when Bare =:= true; Bare =:= false; Bare =:= null -> atom_to_binary(Bare);
encode(Atom) when is_atom(Atom) -> string(atom_to_binary(Atom));
encode(N) when is_integer(N) -> integer_to_binary(N);
encode(F) when is_float(F) -> float_to_binary(F, [short]).

string(Name) when is_atom(Name) ->
    string(atom_to_binary(Name));
string(Text) ->
    Chars = case unicode:characters_to_list(Text) of
                L when is_list(L) -> L;
                _ -> binary_to_list(Text)
            end,
    [$", [escape(C) || C <- Chars], $"].

escape($") -> "\\\"";
escape($\\) -> "\\\\";
escape($\n) -> "\\n";
escape($\r) -> "\\r";
escape($\t) -> "\\t";
escape(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escape(C) -> <<C/utf8>>.

%% {ok, Term} or error.
decode(Bytes) ->
    try value(space(Bytes)) of
        {Term, Rest} ->
            case space(Rest) of
                <<>> -> {ok, Term};
                _ -> error
            end
    catch
        throw:bad_json -> error
    end.

space(<<C, Rest/binary>>) when C =:= $\s; C =:= $\t; C =:= $\n; C =:= $\r -> space(Rest);
space(Rest) -> Rest.

value(<<"true", Rest/binary>>) -> {true, Rest};
value(<<"false", Rest/binary>>) -> {false, Rest};
value(<<"null", Rest/binary>>) -> {null, Rest};
value(<<$", Rest/binary>>) -> text(Rest, []);
value(<<${, Rest/binary>>) -> members(space(Rest), []);
value(<<$[, Rest/binary>>) -> elements(space(Rest), []);
value(Bytes) -> number(Bytes).

members(<<$}, Rest/binary>>, []) ->
    {{[]}, Rest};
members(<<$", Rest/binary>>, Acc) ->
    {Name, Rest1} = text(Rest, []),
    case space(Rest1) of
        <<$:, Rest2/binary>> ->
            {Value, Rest3} = value(space(Rest2)),
            All = [{Name, Value} | Acc],
            case space(Rest3) of
                <<$,, Rest4/binary>> -> members(space(Rest4), All);
                <<$}, Rest4/binary>> -> {{lists:reverse(All)}, Rest4};
                _ -> throw(bad_json)
            end;
        _ ->
            throw(bad_json)
    end;
members(_, _) ->
    throw(bad_json).

elements(<<$], Rest/binary>>, []) ->
    {[], Rest};
elements(Bytes, Acc) ->
    {Value, Rest} = value(Bytes),
    case space(Rest) of
        <<$,, Rest1/binary>> -> elements(space(Rest1), [Value | Acc]);
        <<$], Rest1/binary>> -> {lists:reverse([Value | Acc]), Rest1};
        _ -> throw(bad_json)
    end.

text(<<$", Rest/binary>>, Acc) ->
    {unicode:characters_to_binary(lists:reverse(Acc)), Rest};
text(<<$\\, $u, Hex:4/binary, Rest/binary>>, Acc) ->
    case unit(Hex) of
        High when High >= 16#D800, High < 16#DC00 -> pair(High, Rest, Acc);
        Low when Low >= 16#DC00, Low < 16#E000 -> throw(bad_json);
        C -> text(Rest, [C | Acc])
    end;
text(<<$\\, C, Rest/binary>>, Acc) ->
    case lists:keyfind(C, 1, [{$", $"}, {$\\, $\\}, {$/, $/}, {$b, $\b}, {$f, $\f}, {$n, $\n}, {$r, $\r}, {$t, $\t}]) of
        {_, Plain} -> text(Rest, [Plain | Acc]);
        false -> throw(bad_json)
    end;
text(<<C/utf8, Rest/binary>>, Acc) when C >= 32 ->
    text(Rest, [C | Acc]);
text(_, _) ->
    throw(bad_json).

pair(High, <<$\\, $u, Hex:4/binary, Rest/binary>>, Acc) ->
    case unit(Hex) of
        Low when Low >= 16#DC00, Low < 16#E000 ->
            text(Rest, [16#10000 + (High - 16#D800) * 1024 + Low - 16#DC00 | Acc]);
        _ ->
            throw(bad_json)
    end;
pair(_, _, _) ->
    throw(bad_json).

unit(Hex) ->
    case re:run(Hex, "^[0-9A-Fa-f]{4}$", [{capture, none}]) of
        match -> binary_to_integer(Hex, 16);
        nomatch -> throw(bad_json)
    end.

number(Bytes) ->
    case re:run(Bytes, "^-?(?:0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?", [{capture, all, binary}]) of
        {match, [Digits]} -> {binary_to_integer(Digits), rest(Bytes, Digits)};
        {match, [All, Fraction]} -> {number_of(All, Fraction, <<>>), rest(Bytes, All)};
        {match, [All, Fraction, Power]} -> {number_of(All, Fraction, Power), rest(Bytes, All)};
        nomatch -> throw(bad_json)
    end.

%% Erlang's own floats need a fraction.
number_of(All, <<>>, Power) ->
    Whole = binary:part(All, 0, byte_size(All) - byte_size(Power)),
    number_of(<<Whole/binary, ".0", Power/binary>>, <<".0">>, Power);
number_of(All, _, _) ->
    try binary_to_float(All) catch error:badarg -> throw(bad_json) end.

rest(Bytes, Taken) ->
    binary:part(Bytes, byte_size(Taken), byte_size(Bytes) - byte_size(Taken)).
