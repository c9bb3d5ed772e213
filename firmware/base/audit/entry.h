/// One entry of an audit log: who did what to what, with which outcome, and why.
///
/// No secrets and no mail contents: what an act was given stands as a hash (params_hash), and the one who
/// holds the parameters can show that they are those.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "firmware/base/clock.h"

namespace privyseal::audit {

struct Entry {
  std::string actor{};        ///< a person's or a program's name: "alice", "gatewayd"
  std::string role{};         ///< "officer", "daemon"
  std::string source{};       ///< where the actor came from: an address, a Unix user; may be empty
  std::string action{};       ///< a fixed kebab-case name: "mail-opened"
  std::string object{};       ///< "mail/17"
  std::string params_hash{};  ///< SHA-256 in hexadecimal of the act's parameters; may be empty
  std::string outcome{};      ///< "ok", "delivered", "denied"
  std::string why{};          ///< a sentence for people; may be empty
};

/// The entry's one canonical line, without a line end: its hash is the leaf of the tree.
/// `boot` is the kernel's id of this boot, so that two clocks can be told apart.
[[nodiscard]] std::string to_line(const Entry& entry, std::uint64_t seq, WallTime at, std::string_view boot);

}  // namespace privyseal::audit
