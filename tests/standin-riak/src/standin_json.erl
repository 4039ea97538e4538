%% JSON text from Erlang terms: {[{Name, Value}]} objects, lists, binaries, numbers, atoms.
-module(standin_json).

-export([encode/1]).

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
