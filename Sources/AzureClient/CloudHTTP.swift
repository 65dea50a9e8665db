// SPDX-License-Identifier: Apache-2.0

// Requests, answers, addresses, the clock and deadlines stand in nearly every signature of this client, so whoever
// imports it has them too.
@_exported public import CloudHTTP
