/// The mails that the next hop has, and whose senders may not know that: when such a sender sends the same
/// mail again, it is told 250 and the hop gets nothing.
///
/// Why: a sender whose connection dies after the hop's 250 and before ours must send again (RFC 5321 section
/// 4.5.4.1), and only we can know that the mail is there.
///
/// A mail is looked up only when its sender's connection is over, or silent for kSilence: two connections
/// that bring the same bytes at once are two mails. It is forgotten when the sender is heard again, after
/// kWindow, or when kMost younger ones came.
///
/// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/guarded.h"
#include "firmware/gateway/mail_identity.h"

namespace privyseal::gateway {

class Unheard {
 public:
  static constexpr std::chrono::hours kWindow{24};
  static constexpr std::chrono::seconds kSilence{10};
  static constexpr std::size_t kMost = 65536;

  /// The hop has the mail of `row` since `at`. Gives those that are forgotten now.
  [[nodiscard]] std::vector<MailIdentity> add(const MailIdentity& mail, RowId row, WallTime at);
  /// Its sender's connection is over, or belonged to an earlier process.
  void lose(const MailIdentity& mail);
  /// Its sender knows. False: it was forgotten before.
  bool remove(const MailIdentity& mail);

  /// The row of the same mail, if its sender may not have heard what came of it.
  [[nodiscard]] std::optional<RowId> find(const MailIdentity& mail, WallTime now);

 private:
  struct Entry {
    RowId row;
    WallTime at;
    std::uint64_t number;
    bool is_lost;
  };
  struct Entries {
    std::map<MailIdentity, Entry> by_mail;
    std::map<std::uint64_t, MailIdentity> by_age;
    std::uint64_t next_number = 0;
  };

  Guarded<Entries> entries_;
};

}  // namespace privyseal::gateway
