%% Which keys riak.conf may hold, of which type, and which application setting each one makes (share/schema).
-module(standin_schema).

-export([load/1, find/2, convert/2, settings/1]).

%% A schema is a list of {setting, Key, Type, Default, App, Name} and {known, [Key]}.
load(Dir) ->
    Files = filelib:wildcard(filename:join(Dir, "*.schema")),
    Terms = [file:consult(F) || F <- lists:sort(Files)],
    case [E || {error, E} <- Terms] of
        [] when Files =/= [] -> {ok, lists:append([T || {ok, T} <- Terms])};
        [] -> {error, ["No Schema files found in ", Dir]};
        [Why | _] -> {error, file:format_error(Why)}
    end.

settings(Schema) ->
    [S || S <- Schema, element(1, S) =:= setting].

%% {ok, Setting}, known (accepted, without effect here) or unknown.
find(Key, Schema) ->
    case [S || {setting, Pattern, _, _, _, _} = S <- Schema, matches(Pattern, Key)] of
        [Setting | _] ->
            {ok, Setting};
        [] ->
            Known = lists:append([Keys || {known, Keys} <- Schema]),
            case lists:any(fun(P) -> matches(P, Key) end, Known) of
                true -> known;
                false -> backend_of_many(string:split(Key, ".", all), Schema)
            end
    end.

%% multi_backend.NAME.<a backend's own key>
backend_of_many(["multi_backend", _ | Rest], Schema) when Rest =/= [] ->
    case hd(Rest) of
        "multi_backend" -> unknown;
        _ -> demote(find(lists:flatten(lists:join(".", Rest)), Schema))
    end;
backend_of_many(_, _) ->
    unknown.

demote({ok, _}) -> known;
demote(Other) -> Other.

%% A part of a pattern that begins with $ matches any one part.
matches(Pattern, Key) ->
    same(string:split(Pattern, ".", all), string:split(Key, ".", all)).

same([], []) -> true;
same([[$$ | _] | Ps], [_ | Ks]) -> same(Ps, Ks);
same([Part | Ps], [Part | Ks]) -> same(Ps, Ks);
same(_, _) -> false.

convert(string, Text) ->
    {ok, Text};
convert(atom, Text) ->
    {ok, list_to_atom(Text)};
convert(integer, Text) ->
    try {ok, list_to_integer(Text)} catch error:badarg -> cannot(Text, integer) end;
convert(address, Text) ->
    case inet:parse_address(Text) of
        {ok, Ip} -> {ok, Ip};
        {error, _} -> cannot(Text, ip)
    end;
convert(ip, Text) ->
    %% The last colon, for an IPv6 address has more.
    case string:split(Text, ":", trailing) of
        [Host, Port] ->
            case {inet:parse_address(string:trim(Host, both, "[]")), string:to_integer(Port)} of
                {{ok, _}, {N, []}} when N > 0, N < 65536 -> {ok, {string:trim(Host, both, "[]"), N}};
                _ -> cannot(Text, ip)
            end;
        _ ->
            cannot(Text, ip)
    end;
convert({enum, Names}, Text) ->
    case lists:member(Text, [atom_to_list(N) || N <- Names]) of
        true -> {ok, list_to_atom(Text)};
        false -> {error, io_lib:format("~p is not a valid enum value, acceptable values are: ~s",
                                       [Text, lists:join(", ", [atom_to_list(N) || N <- Names])])}
    end;
convert(duration, Text) ->
    Units = #{"ms" => 1, "s" => 1000, "m" => 60000, "h" => 3600000, "d" => 86400000},
    case string:to_integer(Text) of
        {N, Unit} when is_integer(N), is_map_key(Unit, Units) -> {ok, N * maps:get(Unit, Units)};
        _ -> {error, ["Invalid duration value: ", Text]}
    end.

cannot(Text, Type) ->
    {error, io_lib:format("~p cannot be converted to a(n) ~s", [Text, Type])}.
