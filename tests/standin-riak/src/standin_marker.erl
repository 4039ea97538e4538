%% Which configured path a directory's data was written under.
%%
%% Riak's backends store the paths they were configured with and lose all when the same files come back under others.
%% That loss is silent; here it is a refusal, so that a test sees it.
-module(standin_marker).

-export([claim/1]).

-define(FILE_NAME, "configured-path").

claim(Configured) ->
    Marker = filename:join(Configured, ?FILE_NAME),
    case filelib:ensure_dir(Marker) of
        ok -> compare(Marker, Configured);
        {error, Why} -> {error, io_lib:format("cannot make ~ts: ~ts", [Configured, file:format_error(Why)])}
    end.

compare(Marker, Configured) ->
    Mine = unicode:characters_to_binary(Configured),
    case file:read_file(Marker) of
        {ok, Mine} ->
            ok;
        {ok, Other} ->
            {error, io_lib:format("the data in ~ts was written under the configured path ~ts, refusing to open it",
                                  [Configured, Other])};
        {error, enoent} ->
            write(Marker, Mine);
        {error, Why} ->
            {error, io_lib:format("cannot read ~ts: ~ts", [Marker, file:format_error(Why)])}
    end.

write(Marker, Mine) ->
    case standin_disk:replace(Marker, Mine) of
        ok -> ok;
        {error, Why} -> {error, io_lib:format("cannot write ~ts: ~ts", [Marker, file:format_error(Why)])}
    end.
