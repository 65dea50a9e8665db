// SPDX-License-Identifier: Apache-2.0
// libgit2's option setter takes a variable argument list, which Swift cannot call.
// Each function gives libgit2's return code: 0, or a negative number when the loaded library refuses the option.
#ifndef CMUSTERGIT_H
#define CMUSTERGIT_H

#include <stddef.h>

int muster_git_enable_fsync(int enabled);
int muster_git_set_owner_validation(int enabled);
int muster_git_set_search_path(int level, const char *path);
int muster_git_set_mapped_limit(size_t bytes);
int muster_git_set_pack_object_limit(size_t bytes);

#endif
