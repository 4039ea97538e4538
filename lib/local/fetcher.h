/*
 * The fetcher: brings a CommandInfo.URI into the working directory (fetcher.md
 * of Mesos). Blocks; runs in the process that becomes the executor's keeper.
 */
#ifndef RM_LOCAL_FETCHER_H
#define RM_LOCAL_FETCHER_H

#include <jv.h>

#include "base/error.h"

/*
 * {"value","executable","extract","cache","output_file"}: copied or
 * downloaded; made executable, or extracted if its name says that it is an
 * archive. Borrows. An archive whose entries would leave the directory, and an
 * output file that would, are errors.
 */
int rm_local_fetch(jv uri, struct rm_error *err);

/* Whether extract means anything for this name. */
int rm_local_is_archive(const char *name);

/* Extracts into the working directory. */
int rm_local_extract(const char *archive, struct rm_error *err);

#endif
