%% Moves copies to the members that should keep them. Nothing is deleted that all who should keep it have not confirmed.
-module(standin_handoff).

-export([step/1, push/1, strays/0, waiting/1, held/0]).

-define(BATCH, 200).

%% For the moves under way, on the ring of this version: everything of ours to whoever comes to keep it and, where we
%% cease to keep it ourselves, to all who will. {ok, Count} or what went wrong.
step(Version) ->
    case standin_ring:epoch() of
        {_, Version} = Epoch -> deliver(Epoch, fun(Home, Type) -> comers(standin_ring:replicas(Home, Type)) end);
        _ -> {error, other_ring}
    end.

comers({Now, Then}) ->
    Stays = lists:member(node(), Then),
    case Stays of
        true -> Then -- Now;
        false -> Then
    end.

%% All that a peer should have of ours, now that it can be reached again.
push(Peer) ->
    deliver(standin_ring:epoch(), fun(Home, Type) -> [Peer || P <- standin_ring:places(Home, Type), P =:= Peer] end).

%% What is with us and should not be: to all who should have it, then away.
strays() ->
    Epoch = standin_ring:epoch(),
    Strays = stray_keys(),
    case Strays =/= [] andalso deliver(Epoch, fun stray_targets/2) of
        false -> ok;
        {ok, _} -> dropped(standin_store:drop(Epoch, Strays));
        Error -> Error
    end.

dropped(ok) -> ok;
dropped(Why) -> {error, Why}.

stray_targets(Home, Type) ->
    Places = standin_ring:places(Home, Type),
    case lists:member(node(), Places) of
        true -> [];
        false -> Places
    end.

stray_keys() ->
    Targets = remembered(fun stray_targets/2),
    standin_store:fold(fun({Home, {Type, _}, _} = Key, Object, Acc) ->
                               case Targets(Home, Type) of
                                   [] -> Acc;
                                   _ -> [{Key, standin_object:stamp(Object)} | Acc]
                               end
                       end, []).

%% The partitions that strays are of.
held() ->
    lists:usort([Home || {{Home, _, _}, _} <- stray_keys()]).

%% How many partitions' data of this node others wait for: strays, what peers that are back may have missed, and moves.
waiting(Owed) ->
    #{owners := Owners, next := Next} = standin_ring:ring(),
    Moving = [P || {{From, _}, Ps} <- standin_claim:transfers(Owners, Next), From =:= node(), P <- Ps],
    Goals = remembered(fun(Home, Type) ->
                               Places = standin_ring:places(Home, Type),
                               not lists:member(node(), Places) orelse Places -- Owed =/= Places
                       end),
    Held = standin_store:fold(fun({Home, {Type, _}, _}, _, Acc) ->
                                      case Goals(Home, Type) of
                                          true -> Acc#{Home => true};
                                          false -> Acc
                                      end
                              end, #{}),
    length(lists:usort(Moving ++ maps:keys(Held))).

%% Partitions times types are few, keys are many.
remembered(Fun) ->
    Table = make_ref(),
    fun(Home, Type) ->
            case get({Table, Home, Type}) of
                undefined ->
                    Value = Fun(Home, Type),
                    _ = put({Table, Home, Type}, Value),
                    Value;
                Value ->
                    Value
            end
    end.

%% Targets(Home, Type) names the nodes; each gets what it lacks.
deliver(Epoch, Targets) ->
    Remembered = remembered(Targets),
    Parcels = standin_store:fold(fun({Home, {Type, _}, _} = Key, Object, Acc) ->
                                         Stamped = {Key, standin_object:stamp(Object)},
                                         lists:foldl(fun(N, A) -> A#{N => [Stamped | maps:get(N, A, [])]} end,
                                                     Acc, Remembered(Home, Type) -- [node()])
                                 end, #{}),
    sent(maps:to_list(Parcels), Epoch, 0).

sent([], _, Count) ->
    {ok, Count};
sent([{Node, Stamped} | Rest], Epoch, Count) ->
    case batches(Node, Stamped, Epoch) of
        ok -> sent(Rest, Epoch, Count + length(Stamped));
        Error -> Error
    end.

batches(_, [], _) ->
    ok;
batches(Node, Stamped, Epoch) ->
    {Batch, Rest} = lists:split(min(?BATCH, length(Stamped)), Stamped),
    try
        Wanted = erpc:call(Node, standin_store, wanted, [Batch], 10000),
        Pairs = [{Key, Object} || Key <- Wanted, {ok, Object} <- [standin_store:get(Key)]],
        case Pairs =:= [] orelse erpc:call(Node, standin_store, merge, [Epoch, Pairs], 60000) of
            Done when Done =:= true; Done =:= ok -> batches(Node, Rest, Epoch);
            Why -> {error, {Node, Why}}
        end
    catch
        _:Reason -> {error, {Node, Reason}}
    end.
