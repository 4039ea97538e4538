%% What a request makes of a ring, and what staged changes would make of it. Only the claimant's server applies these.
-module(standin_change).

-export([request/2, staged/1, plan/1, candidate/2]).

%% {ok, Ring}, or {error, Why} and the ring stays. `layout` in Ring says that members or owners are others now: every
%% member has to have seen that before anything is planned on it.
request({join, Node, Size}, #{size := Size, members := Members} = Ring) ->
    case lists:keyfind(Node, 1, Members) of
        false -> {layout, Ring#{members := member(Node, joining, Members)}};
        {_, joining} -> {ok, Ring};
        _ -> {error, already_member}
    end;
request({join, _, _}, _) ->
    {error, different_size};
request({stage, Node, Action}, Ring) ->
    case check(Node, Action, Ring) of
        ok -> {ok, stage(Node, Action, Ring)};
        Error -> Error
    end;
request(clear, #{members := Members} = Ring) ->
    case [M || {_, joining} = M <- Members] of
        [] -> {ok, Ring#{staged := []}};
        _ -> {layout, Ring#{staged := [], members := [M || {_, S} = M <- Members, S =/= joining]}}
    end;
request(commit, Ring) ->
    case staged(Ring) of
        [] -> {error, nothing_planned};
        _ -> {layout, committed(Ring)}
    end;
request({down, Node}, #{members := Members} = Ring) ->
    {layout, claim_anew(Node, Ring#{members := member(Node, down, Members), staged := []})};
request({up, Node}, #{members := Members} = Ring) ->
    case lists:member({Node, down}, Members) of
        true -> {layout, Ring#{members := member(Node, valid, Members)}};
        false -> {ok, Ring}
    end;
request({settled, Node, Id}, #{unsettled := {Id, Nodes}} = Ring) ->
    {ok, Ring#{unsettled := {Id, lists:delete(Node, Nodes)}}};
request({settled, _, _}, Ring) ->
    {ok, Ring};
request({begin_step, Owners}, Ring) ->
    {layout, Ring#{step := Owners}};
request(end_step, #{step := Owners} = Ring) when is_list(Owners) ->
    {layout, Ring#{owners := Owners, step := none}};
request({exiting, Node}, #{members := Members} = Ring) ->
    {layout, Ring#{members := member(Node, exiting, Members)}};
request({gone, Node}, #{members := Members} = Ring) ->
    {layout, Ring#{members := lists:keydelete(Node, 1, Members)}};
request({claimant, Node}, Ring) ->
    {layout, Ring#{claimant := Node}};
request({type, Do}, #{types := Types} = Ring) ->
    case typed(Do, Types) of
        {ok, Types} -> {ok, Ring};
        {ok, New} -> {ok, copied(Ring, Ring#{types := New})};
        Error -> Error
    end.

typed({create, Name, Props}, Types) -> standin_types:create(Name, Props, Types);
typed({activate, Name}, Types) -> standin_types:activate(Name, Types);
typed({update, Name, Props}, Types) -> standin_types:update(Name, Props, Types).

%% Another n_val means other replicas, which hold nothing yet.
copied(#{types := Old}, #{types := New, members := Members, version := Version} = Ring) ->
    Counts = fun(Types) -> [{N, proplists:get_value(n_val, P)} || {N, active, P} <- Types] end,
    case Counts(New) -- Counts(Old) of
        [] -> Ring;
        _ -> Ring#{unsettled := {Version, [N || {N, _} <- Members]}}
    end.

member(Node, Status, Members) ->
    lists:keystore(Node, 1, Members, {Node, Status}).

claim_anew(Node, #{claimant := Node} = Ring) ->
    Ring#{claimant := node()};
claim_anew(_, Ring) ->
    Ring.

%% Steps: 1. it is a member; 2. leaving: not already, not the last; 3. removing: not the claimant; 4. replacing: by a
%% node that is only joining.
check(Node, Action, #{members := Members, claimant := Claimant} = Ring) ->
    Others = [N || {N, S} <- Members, N =/= Node, S =:= valid orelse S =:= joining orelse S =:= down,
                   not lists:member({N, leave}, maps:get(staged, Ring))],
    case {lists:keyfind(Node, 1, Members), Action} of
        {false, _} -> {error, not_member};
        {{_, Status}, leave} when Status =:= leaving; Status =:= exiting -> {error, already_leaving};
        {_, leave} when Others =:= [] -> {error, only_member};
        {_, remove} when Node =:= Claimant -> {error, is_claimant};
        {_, {force_replace, _}} when Node =:= Claimant -> {error, is_claimant};
        {{_, Status}, {replace, _}} when Status =:= leaving; Status =:= exiting -> {error, already_leaving};
        {_, {_, New}} -> candidate(New, Ring);
        _ -> ok
    end.

candidate(New, #{members := Members, staged := Staged}) ->
    Free = not lists:any(fun({N, A}) -> N =:= New orelse is_tuple(A) andalso element(2, A) =:= New end, Staged),
    case lists:member({New, joining}, Members) of
        true when Free -> ok;
        _ -> {error, {invalid_replacement, New}}
    end.

%% One action per node, the newest; a replacement that now leaves replaces nobody.
stage(Node, Action, #{staged := Staged} = Ring) ->
    Kept = [S || {N, A} = S <- Staged, N =/= Node, not (is_tuple(A) andalso element(2, A) =:= Node)],
    Ring#{staged := lists:sort([{Node, Action} | Kept])}.

%% [{Node, Action}], staged joins included.
staged(#{members := Members, staged := Staged}) ->
    lists:sort(Staged ++ [{N, join} || {N, joining} <- Members, not lists:keymember(N, 1, Staged)]).

%% The rings after each transition.
plan(Ring) ->
    First = committed(Ring),
    case [N || {N, leaving} <- maps:get(members, First)] of
        [] -> [First];
        _ -> [First, after_leaving(First)]
    end.

%% A claimant that leaves is still there when the others are gone.
after_leaving(#{members := Members, next := Next, claimant := Claimant} = Ring) ->
    Left = [M || {_, S} = M <- Members, S =/= leaving],
    Last = [{Claimant, exiting} || lists:member({Claimant, leaving}, Members)],
    Ring#{members := Left ++ Last, owners := Next}.

committed(#{members := Members, owners := Owners, staged := Staged} = Ring) ->
    Gone = [N || {N, A} <- Staged, A =:= remove orelse is_tuple(A) andalso element(1, A) =:= force_replace],
    Now = [{N, becomes(S, lists:keyfind(N, 1, Staged))} || {N, S} <- Members, not lists:member(N, Gone)],
    Claimers = lists:sort([N || {N, S} <- Now, S =:= valid orelse S =:= down]),
    Forced = lists:foldl(fun({Old, {force_replace, New}}, O) -> standin_claim:replace(O, Old, New);
                            (_, O) -> O
                         end, Owners, Staged),
    Held = standin_claim:reassign(Forced, Gone, Claimers),
    Moved = lists:foldl(fun({Old, {replace, New}}, O) -> standin_claim:replace(O, Old, New);
                           (_, O) -> O
                        end, Held, Staged),
    Ring#{members := Now, owners := Held, next := standin_claim:target(Moved, Claimers), step := none, staged := [],
          unsettled := unsettled(Gone, Now, Ring)}.

becomes(_, {_, leave}) -> leaving;
becomes(_, {_, {replace, _}}) -> leaving;
becomes(joining, _) -> valid;
becomes(Status, _) -> Status.

%% Whoever takes over by force holds nothing yet: until all have passed on what they hold, nobody's copy may be trusted
%% to be the newest.
unsettled([], _, #{unsettled := Unsettled}) -> Unsettled;
unsettled(_, Members, #{version := Version}) -> {Version, [N || {N, _} <- Members]}.
