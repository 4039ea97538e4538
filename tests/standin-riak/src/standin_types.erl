%% Bucket types as the ring keeps them: [{Name, created | active, Props}], sorted. The default one is not among them.
-module(standin_types).

-export([find/2, default/0, create/3, activate/2, update/3, shown/1, json/1]).

default() ->
    [{allow_mult, false}, {basic_quorum, false}, {big_vclock, 50},
     {chash_keyfun, {riak_core_util, chash_std_keyfun}}, {dvv_enabled, false}, {dw, quorum}, {last_write_wins, false},
     {linkfun, {modfun, riak_kv_wm_link_walker, mapreduce_linkfun}}, {n_val, 3}, {node_confirms, 0}, {notfound_ok, true},
     {old_vclock, 86400}, {postcommit, []}, {pr, 0}, {precommit, []}, {pw, 0}, {r, quorum}, {repl, true}, {rw, quorum},
     {small_vclock, 50}, {sync_on_write, backend}, {w, quorum}, {write_once, false}, {young_vclock, 20}].

%% A new type allows siblings where the default one does not.
template() ->
    Changed = [{allow_mult, true}, {dvv_enabled, true}],
    [P || {K, _} = P <- default(), not lists:member(K, [allow_mult, dvv_enabled, repl, write_once])] ++ Changed.

find(<<"default">>, _) ->
    {ok, active, default()};
find(Name, Types) ->
    case lists:keyfind(Name, 1, Types) of
        {_, Status, Props} -> {ok, Status, Props};
        false -> unknown
    end.

%% {ok, Types} or {error, Text}; Props as they came from JSON: [{Binary, Value}].
create(Name, Json, Types) ->
    case {find(Name, Types), checked(Json)} of
        {{ok, active, _}, _} -> {error, "already_active"};
        {_, {ok, Props}} -> {ok, keep({Name, created, merged(Props, template())}, Types)};
        {_, Error} -> Error
    end.

activate(Name, Types) ->
    case find(Name, Types) of
        unknown -> {error, undefined};
        {ok, active, _} -> {ok, Types};
        {ok, created, Props} -> {ok, keep({Name, active, Props}, Types)}
    end.

update(<<"default">>, _, _) ->
    {error, "no_default_update"};
update(Name, Json, Types) ->
    case {find(Name, Types), checked(Json)} of
        {{ok, active, Old}, {ok, Props}} -> {ok, keep({Name, active, [updated | merged(Props, Old -- [updated])]}, Types)};
        {{ok, active, _}, Error} -> Error;
        _ -> {error, "not_active"}
    end.

keep(Type, Types) ->
    lists:keysort(1, lists:keystore(element(1, Type), 1, Types, Type)).

merged(New, Old) ->
    lists:foldl(fun({K, V}, Acc) -> lists:keystore(K, 1, Acc, {K, V}) end, Old, New).

checked(Json) ->
    try {ok, [one(Name, Value) || {Name, Value} <- Json]}
    catch throw:Why -> {error, Why}
    end.

one(<<"n_val">>, N) when is_integer(N), N > 0 -> {n_val, N};
one(<<"n_val">>, _) -> throw("n_val must be an integer");
one(<<"datatype">>, Name) when Name =:= <<"map">>; Name =:= <<"set">>; Name =:= <<"counter">>; Name =:= <<"hll">>;
                               Name =:= <<"gset">> ->
    {datatype, binary_to_atom(Name)};
one(<<"datatype">>, Name) -> throw([io_lib:format("~ts", [printed(Name)]), " not supported for bucket datatype property"]);
one(Name, Value) -> {known(Name), plain(Value)}.

printed(Name) when is_binary(Name) -> Name;
printed(Name) -> io_lib:format("~p", [Name]).

%% No atoms from outside: a name that we do not know stays a binary.
known(Name) ->
    case [K || {K, _} <- default(), atom_to_binary(K) =:= Name] of
        [Known] -> Known;
        [] -> Name
    end.

plain(Word) when Word =:= <<"quorum">>; Word =:= <<"all">>; Word =:= <<"one">> -> binary_to_atom(Word);
plain(Value) -> Value.

%% What `status` lists, in its order: backwards at first, once updated in alphabetical order.
shown({Status, [updated | Props], Claimant}) ->
    lists:sort(fun by_name/2, [{active, Status =:= active}, {claimant, Claimant} | Props]);
shown({Status, Props, Claimant}) ->
    {Type, Rest} = lists:partition(fun({K, _}) -> K =:= datatype end, Props),
    lists:reverse(lists:sort(fun by_name/2, Rest)) ++ Type ++ [{active, Status =:= active}, {claimant, Claimant}].

by_name({A, _}, {B, _}) ->
    name(A) =< name(B).

name(Name) when is_atom(Name) -> atom_to_binary(Name);
name(Name) -> Name.

%% The same for /props.
json(Props) ->
    [{K, value(V)} || {K, V} <- Props].

value({modfun, M, F}) -> {[{mod, M}, {'fun', F}]};
value({M, F}) when is_atom(M) -> {[{mod, M}, {'fun', F}]};
value(V) -> V.
