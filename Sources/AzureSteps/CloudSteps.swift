// SPDX-License-Identifier: Apache-2.0

// Findings are what every step on Azure answers with, so whoever imports this has them too.
@_exported public import CloudSteps
