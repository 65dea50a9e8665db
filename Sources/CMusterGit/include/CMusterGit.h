// SPDX-License-Identifier: Apache-2.0
// libgit2's option setter takes a variable argument list, which Swift cannot call.
#ifndef CMUSTERGIT_H
#define CMUSTERGIT_H

int muster_git_enable_fsync(int enabled);
int muster_git_set_search_path(int level, const char *path);
int muster_git_set_ssl_certificates(const char *file, const char *folder);

#endif
