%% Who owns which partition, and who keeps a key: lists of nodes by partition number, and nothing else.
-module(standin_claim).

-export([replicas/3, target/2, reassign/3, replace/3, transfers/2, distinct/1, step/3]).

%% Riak's target_n_val: so many neighbours should all be different.
-define(APART, 4).

%% The first N different owners from a partition on, or all owners when there are fewer.
replicas(Partition, N, Owners) ->
    walk(Partition, N, Owners, tuple_size(Owners), []).

walk(_, 0, _, _, Found) -> lists:reverse(Found);
walk(_, _, _, 0, Found) -> lists:reverse(Found);
walk(P, N, Owners, Left, Found) ->
    Node = element(P rem tuple_size(Owners) + 1, Owners),
    case lists:member(Node, Found) of
        true -> walk(P + 1, N, Owners, Left - 1, Found);
        false -> walk(P + 1, N - 1, Owners, Left - 1, [Node | Found])
    end.

%% Even shares for Nodes, moving as few partitions as that takes, each to where its new owner is farthest from itself.
target([Owner | _] = Owners, Nodes) ->
    case lists:usort(Owners) of
        [Owner] -> [lists:nth(P rem length(Nodes) + 1, Nodes) || {P, _} <- numbered(Owners)];
        _ -> spread(list_to_tuple(Owners), Nodes, quotas(Owners, Nodes))
    end.

%% What does not divide evenly stays with those that own most.
quotas(Owners, Nodes) ->
    Size = length(Owners),
    Order = [N || {_, N} <- lists:sort([{-count(N, Owners), N} || N <- Nodes])],
    {Extra, Rest} = lists:split(Size rem length(Nodes), Order),
    Share = Size div length(Nodes),
    maps:from_list([{N, Share + 1} || N <- Extra] ++ [{N, Share} || N <- Rest]).

spread(Owners, Nodes, Quotas) ->
    List = tuple_to_list(Owners),
    Surplus = [P || {P, O} <- numbered(List), count(O, List) > maps:get(O, Quotas, 0)],
    Wanting = [{maps:get(N, Quotas) - count(N, List), N} || N <- Nodes, count(N, List) < maps:get(N, Quotas)],
    case {Surplus, Wanting} of
        {[_ | _], [_ | _]} ->
            Gain = fun(P, N) -> crowd(P, N, Owners) - crowd(P, element(P + 1, Owners), Owners) end,
            {_, P, _, Node} = lists:min([{Gain(P, N), P, -Lack, N} || P <- Surplus, {Lack, N} <- Wanting]),
            spread(setelement(P + 1, Owners, Node), Nodes, Quotas);
        _ ->
            List
    end.

%% How near other partitions of this node are.
crowd(P, Node, Owners) ->
    Size = tuple_size(Owners),
    lists:sum([case element((P + Size + D) rem Size + 1, Owners) of
                   Node -> Weight;
                   _ -> 0
               end || {Far, Weight} <- [{1, 100}, {2, 10}, {3, 1}], Far < Size, D <- [Far, -Far]]).

%% What Gone owned goes to those of Nodes that have least; nothing else moves.
reassign(Owners, Gone, Nodes) ->
    lists:foldl(fun({P, Owner}, Now) ->
                        case lists:member(Owner, Gone) of
                            true -> give(P, Now, Nodes);
                            false -> Now
                        end
                end, Owners, numbered(Owners)).

give(P, Owners, Nodes) ->
    {_, _, Node} = lists:min([{count(N, Owners), crowd(P, N, list_to_tuple(Owners)), N} || N <- Nodes]),
    {Before, [_ | After]} = lists:split(P, Owners),
    Before ++ [Node | After].

replace(Owners, Old, New) ->
    [case N of Old -> New; _ -> N end || N <- Owners].

%% [{{From, To}, [Partition]}]
transfers(Owners, Next) ->
    Moves = [{{From, To}, P} || {{P, From}, To} <- lists:zip(numbered(Owners), Next), From =/= To],
    [{Pair, [P || {Q, P} <- Moves, Q =:= Pair]} || Pair <- lists:usort([Pair || {Pair, _} <- Moves])].

%% The owners after at most Count of the pending moves.
step([], [], _) -> [];
step([Same | Owners], [Same | Next], Count) -> [Same | step(Owners, Next, Count)];
step(Owners, _, 0) -> Owners;
step([_ | Owners], [New | Next], Count) -> [New | step(Owners, Next, Count - 1)].

%% Whether neighbours are always different nodes.
distinct(Owners) ->
    Tuple = list_to_tuple(Owners),
    Near = fun(P) -> [element((P + D) rem tuple_size(Tuple) + 1, Tuple) || D <- lists:seq(0, ?APART - 1)] end,
    lists:all(fun(P) -> length(lists:usort(Near(P))) =:= ?APART end, lists:seq(0, tuple_size(Tuple) - 1)).

numbered(Owners) ->
    lists:zip(lists:seq(0, length(Owners) - 1), Owners).

count(Node, Owners) ->
    length([N || N <- Owners, N =:= Node]).
