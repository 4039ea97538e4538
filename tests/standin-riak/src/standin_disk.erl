%% A small file, whole before and after any crash.
-module(standin_disk).

-export([replace/2]).

replace(Path, Bytes) ->
    New = Path ++ ".new",
    case file:open(New, [write, raw, binary]) of
        {ok, Fd} ->
            Written = case file:write(Fd, Bytes) of
                          ok -> file:sync(Fd);
                          Error -> Error
                      end,
            ok = file:close(Fd),
            case Written of
                ok -> file:rename(New, Path);
                _ -> Written
            end;
        Error ->
            Error
    end.
