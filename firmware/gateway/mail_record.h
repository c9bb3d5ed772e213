/// What the ledger says of one mail transaction: who, when, which way, under which session, with what end.
///
/// No subject, no body: envelope and transport facts, what the rules said, and of the header the Message-ID
/// and the marking alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/tls/session_facts.h"

namespace privyseal::gateway {

using RowId = std::int64_t;  ///< of a mail in the ledger

enum class Direction {
  kOut,  ///< the organisation's mail server to CJSM
  kIn,   ///< CJSM to the organisation's mail server
};

enum class Outcome {
  kOpen,       ///< recorded, not yet passed on completely
  kDelivered,  ///< the next hop took responsibility (2xx after the end of data)
  kDeferred,   ///< 4xx: the sender keeps it and tries again
  kRefused,    ///< 5xx
  kAborted,    ///< a connection ended before the end of data
  kRepeated,   ///< the sender sent once more what the next hop has since an earlier row: the hop got nothing
  kUnknown,    ///< the end of data was sent, but no verdict was heard: the next hop may have the mail
};

[[nodiscard]] std::string_view to_string(Direction direction);
[[nodiscard]] std::string_view to_string(Outcome outcome);

/// The version in the facts of a side where a mail came in clear, as an exception allowed: they have nothing
/// else.
inline constexpr std::string_view kNoTls = "none";

struct MailRecord {
  WallTime opened_at{};
  Direction direction = Direction::kOut;
  std::string client_address;           ///< of the sending mail server, "192.0.2.1:40000"
  std::string sender;                   ///< empty: the null reverse-path
  std::vector<std::string> recipients;  ///< those the next hop accepted; of a refused mail, those asked for
  std::string hop;                      ///< "relay.example:4545"
  std::optional<tls::SessionFacts> cjsm_session{};  ///< of the CJSM side; none when there was no session
  std::optional<tls::SessionFacts> lan_session{};   ///< of the organisation's side
};

/// How long each part of a mail's way took; nothing: it did not come so far.
struct StageTimes {
  using Time = std::optional<std::chrono::milliseconds>;
  Time connect{};  ///< to the next hop: TCP, TLS, greeting, log-in
  Time record{};   ///< until the row was on the disk
  Time body{};     ///< from our go-ahead until its end was here
  Time verdict{};  ///< from the end that we sent to the next hop's reply
};

/// What the rules saw in a mail and said of it.
struct PolicyFacts {
  std::string message_id{};  ///< without the angle brackets; empty: none, or the header was not read
  std::string marking{};     ///< as it was found; empty: none
  /// "passed", or "refused/RULE", then "left-out/RULE" for recipients that were refused alone and
  /// "warned/RULE", "disclaimer" if one was put below its text; last "permit/REFERENCE", of each permission
  /// that let it pass. Empty: it was not judged.
  std::string verdict{};
};

struct MailEnd {
  WallTime closed_at{};
  Outcome outcome = Outcome::kOpen;
  std::uint64_t size_bytes = 0;
  std::string reply;  ///< what the sender was told; the next hop's own words where it spoke
  PolicyFacts policy{};
  StageTimes took{};
};

}  // namespace privyseal::gateway
