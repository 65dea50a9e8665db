// SPDX-License-Identifier: Apache-2.0
#include "CMusterGit.h"

#include <git2.h>

int muster_git_enable_fsync(int enabled) { return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled); }

int muster_git_set_owner_validation(int enabled) { return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled); }

int muster_git_set_search_path(int level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}

int muster_git_set_mapped_limit(size_t bytes) { return git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, bytes); }

int muster_git_set_pack_object_limit(size_t bytes) { return git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, bytes); }
