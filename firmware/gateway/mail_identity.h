/// What makes a mail the very same mail when it is sent once more: who sends it, its envelope, and every
/// byte.
///
/// It is keyed with random bytes of this box, so that who reads it cannot look whether a mail that he knows
/// was sent, and nobody can make another mail with the same one: a HMAC over the facts and a secret GMAC of
/// the bytes (gmac.h). The bytes are those that came, before we put anything in front or below.
///
/// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/gmac.h"
#include "firmware/base/sha256.h"
#include "firmware/gateway/mail_record.h"

namespace privyseal::gateway {

using MailIdentity = Digest;

/// How the bytes were written: the same bytes are not the same mail in both.
enum class Framing { kDotted, kChunked };

struct MailFacts {
  Direction direction = Direction::kOut;
  std::string host;  ///< the sender's name in its certificate, or its address without the port
  std::string sender;
  std::vector<std::string> recipients;  ///< in any order
  Framing framing = Framing::kDotted;
};

class MailFingerprint {
 public:
  /// Random, 32 bytes; it must outlive this.
  explicit MailFingerprint(ByteView key);
  void add(ByteView body);
  /// Once.
  [[nodiscard]] MailIdentity finish(MailFacts facts);

 private:
  ByteView key_;
  Gmac body_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace privyseal::gateway
