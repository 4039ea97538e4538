%% `admin bucket-type …`, in Riak's words.
-module(standin_bucket_type).

-export([run/1, props/1]).

run(["list"]) -> {["default (active)\n", [[N, $\s, status_mark(S), $\n] || {N, S, _} <- types()]], ok};
run(["status", Name]) -> status(list_to_binary(Name));
run(["activate", Name]) -> activate(list_to_binary(Name));
run(["create", Name]) -> create(list_to_binary(Name), {[{<<"props">>, {[]}}]});
run(["create", Name, Text]) -> decoded(Name, Text, fun create/2, ["Cannot create bucket type ", Name]);
run(["update", Name, Text]) -> decoded(Name, Text, fun update/2, ["Cannot update bucket type: ", Name]);
run(["create" | _]) -> usage("create <type> ['{\"props\": { ... }}']");
run(["update" | _]) -> usage("update <type> '{\"props\": { ... }}'");
run([Word | _]) when Word =:= "status"; Word =:= "activate" -> usage([Word, " <type>"]);
run(_) -> usage.

usage(Text) ->
    {exit, ["Usage: riak-admin bucket-type ", Text, $\n], 1}.

types() ->
    maps:get(types, standin_ring:ring()).

status_mark(active) -> "(active)";
status_mark(created) -> "(not active)".

%% What /props and `status` list, in their order.
props(Name) ->
    case standin_types:find(Name, types()) of
        unknown -> unknown;
        {ok, _, Props} when Name =:= <<"default">> -> {ok, Props};
        {ok, Status, Props} -> {ok, standin_types:shown({Status, Props, maps:get(claimant, standin_ring:ring())})}
    end.

status(Name) ->
    case {standin_types:find(Name, types()), props(Name)} of
        {unknown, _} ->
            {[Name, " is not an existing bucket type\n"], {error, undefined}};
        {{ok, Status, _}, {ok, Props}} ->
            {[Name, state(Status), "\n\n", [io_lib:format("~ts: ~0p~n", [shown(K), V]) || {K, V} <- Props]], ok}
    end.

state(active) -> " is active";
state(created) -> " has been created and may be activated".

shown(Name) when is_atom(Name) -> atom_to_list(Name);
shown(Name) -> Name.

decoded(Name, Text, Fun, Cannot) ->
    case standin_json:decode(unicode:characters_to_binary(Text)) of
        {ok, {Members}} ->
            case lists:keyfind(<<"props">>, 1, Members) of
                {_, {_}} -> Fun(list_to_binary(Name), {Members});
                _ -> {[Cannot, ": no props field found in json\n"], error}
            end;
        _ ->
            {[Cannot, ": invalid json\n"], error}
    end.

asked({Members}) ->
    {_, {Props}} = lists:keyfind(<<"props">>, 1, Members),
    Props.

create(Name, Json) ->
    First = first(),
    case standin_ring:change({type, {create, Name, asked(Json)}}) of
        {ok, _} ->
            {[Name, " created\n", [["\nWARNING: After activating ", Name, ", nodes in this cluster\n"
                                    "can no longer be downgraded to a version of Riak prior to 2.0\n"] || First]], ok};
        {error, Why} ->
            {["Error creating bucket type ", Name, ":\n", Why, $\n], error}
    end.

first() ->
    [] =:= [N || {N, active, _} <- types()].

activate(<<"default">>) ->
    {"default has been activated\n", ok};
activate(Name) ->
    First = first(),
    case standin_ring:change({type, {activate, Name}}) of
        {ok, _} ->
            {[Name, " has been activated\n", ["\nWARNING: Nodes in this cluster can no longer be\n"
                                              "downgraded to a version of Riak prior to 2.0\n" || First]], ok};
        {error, undefined} ->
            {[Name, " is not an existing bucket type\n"], {error, undefined}}
    end.

update(Name, Json) ->
    case standin_ring:change({type, {update, Name, asked(Json)}}) of
        {ok, _} -> {[Name, " updated\n"], ok};
        {error, Why} -> {["Error updating bucket type ", Name, ":\n", Why, $\n], error}
    end.
