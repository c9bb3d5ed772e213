/// Under which words a mail is found again: a table beside the ledger, so that every search uses an index.
///
/// A mail's words: its sender, its recipients, the domain of each with its "@", its Message-ID, and the ids
/// of its sessions; in lower case (ASCII), each once.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace privyseal::gateway {

/// Of addresses, "": the null reverse-path, which is no word.
[[nodiscard]] std::vector<std::string> address_keys(std::string_view sender,
                                                    const std::vector<std::string>& recipients);

/// As a word is kept: lower case, a Message-ID without its angle brackets, without blanks around it.
[[nodiscard]] std::string search_key(std::string_view word);

/// The first text behind all that begin with `key`; `key` is not empty.
[[nodiscard]] std::string end_of_prefix(std::string key);

}  // namespace privyseal::gateway
