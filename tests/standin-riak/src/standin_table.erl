%% Tables and rules as Riak's console draws them.
-module(standin_table).

-export([draw/2, title/1, rule/0]).

-define(WIDTH, 79).

%% Cells are centred, a column is as wide as its widest.
draw(Header, Rows) ->
    Widths = [lists:max([string:length(C) || C <- Column]) || Column <- transpose([Header | Rows])],
    Border = [$+, [[lists:duplicate(W, $-), $+] || W <- Widths], $\n],
    [Border, row(Header, Widths), Border, [row(R, Widths) || R <- Rows], Border].

transpose([[] | _]) -> [];
transpose(Rows) -> [[hd(R) || R <- Rows] | transpose([tl(R) || R <- Rows])].

row(Cells, Widths) ->
    [$|, [[string:pad(C, W, both), $|] || {C, W} <- lists:zip(Cells, Widths)], $\n].

title(Text) ->
    [string:pad([$\s, Text, $\s], ?WIDTH, both, $=), $\n].

rule() ->
    [lists:duplicate(?WIDTH, $-), $\n].
