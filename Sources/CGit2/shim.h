// SPDX-License-Identifier: Apache-2.0
#include <git2.h>
#include <git2/sys/commit.h>
#include <git2/sys/repository.h>
