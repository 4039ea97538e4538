%% One object: its value, content type, user metadata, and the clocks that Riak shows.
-module(standin_object).

-export([new/4, tombstone/1, stamp/1, live/1, vclock/1, etag/1]).

%% Vclock entries are {Actor, {Count, Seconds}} as in Riak; the writer's own count grows, and no object is older than the
%% one it replaces, whatever the clocks of the members say.
new(Value, Type, Meta, Before) ->
    Now = max(os:system_time(microsecond), after_time(Before)),
    Clock = clock(Before, Now div 1000000),
    #{value => Value, type => Type, meta => Meta, time => Now, clock => Clock, vtag => vtag({Clock, Value, Now})}.

after_time({ok, #{time := Time}}) -> Time + 1;
after_time(notfound) -> 0.

%% A deletion is kept, or a member that missed it would bring the object back.
tombstone(Before) ->
    (new(<<>>, <<>>, [], Before))#{deleted => true}.

%% Of two copies the one with the greater stamp is the newer, on every member alike.
stamp(#{time := Time, vtag := Vtag}) ->
    {Time, Vtag}.

live(Object) ->
    not is_map_key(deleted, Object).

clock(Before, Seconds) ->
    Actor = binary:part(erlang:md5(atom_to_binary(node())), 0, 8),
    Old = case Before of
              {ok, #{clock := Clock}} -> Clock;
              notfound -> []
          end,
    {_, {Count, _}} = case lists:keyfind(Actor, 1, Old) of
                          false -> {Actor, {0, 0}};
                          Entry -> Entry
                      end,
    lists:keystore(Actor, 1, Old, {Actor, {Count + 1, Seconds + 62167219200}}).

%% Opaque to clients, yet made as Riak makes it: a deflated external term.
vclock(#{clock := Clock}) ->
    zlib:zip(term_to_binary(Clock)).

vtag(Term) ->
    <<N:128>> = erlang:md5(term_to_binary(Term)),
    base62(N, <<>>).

base62(0, Acc) ->
    Acc;
base62(N, Acc) ->
    Digits = <<"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz">>,
    base62(N div 62, <<(binary:at(Digits, N rem 62)), Acc/binary>>).

etag(#{vtag := Tag}) ->
    [$", Tag, $"].
