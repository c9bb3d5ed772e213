/// The verdicts: what the rules say of a sender, a recipient, and a mail's header and first line.
///
/// Pure: the caller gives the time. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware/policy/header.h"
#include "firmware/policy/rules.h"

namespace privyseal::policy {

/// A refusal ends it; warnings let the mail pass.
struct Judgement {
  std::optional<Refusal> refusal;
  std::vector<Refusal> warnings;
};

/// At MAIL, for mail out. Bounces have no sender to judge.
[[nodiscard]] Judgement judge_sender(const Rules& rules, const std::optional<smtp::Address>& sender,
                                     WallTime now);

/// At RCPT, for mail out.
[[nodiscard]] Judgement judge_recipient(const Rules& rules, const smtp::Address& recipient);

/// What is known of a mail before its header is read.
struct Envelope {
  std::optional<smtp::Address> sender;
  std::vector<std::string> own_domains;  ///< where a From may be
  std::size_t recipients = 0;            ///< that were accepted
  bool left_one_out = false;             ///< a recipient has no address in CJSM
  WallTime now;
};

struct HeaderJudgement {
  std::optional<Refusal> refusal;
  std::vector<Refusal> warnings;
  std::vector<std::string> fields;  ///< to put in front, without CRLF
  std::vector<Permit> permits;      ///< the permissions that the mail needs and has: count it against all
  std::string marking;              ///< as it was found; empty: none
};

/// For mail out.
[[nodiscard]] HeaderJudgement judge_header(const Rules& rules, const Envelope& envelope, const Header& header,
                                           const std::string& first_line);

/// For mail in, which is not judged: the marking in its header; empty: none.
[[nodiscard]] std::string marking_of(const Rules& rules, const Header& header);

/// The Message-ID without its angle brackets (RFC 5322 section 3.6.4), of which no more than 250 bytes count;
/// empty: none.
[[nodiscard]] std::string message_id_of(const Header& header);

/// Whether a field may not cross the gateway in either direction, because only we may say it.
[[nodiscard]] bool is_ours_alone(const Field& field);

/// For mail in: the marks that a mail from the relay gets. `authority` is our own name.
[[nodiscard]] std::vector<std::string> origin_fields(std::string_view authority, std::string_view relay_name);

}  // namespace privyseal::policy
