#include "firmware/gateway/mail_identity.h"

#include <algorithm>

namespace privyseal::gateway {

MailFingerprint::MailFingerprint(ByteView key) : key_(key), body_(hmac_sha256(key, bytes_of("body"))) {}

void MailFingerprint::add(ByteView body) {
  body_.add(body);
  size_bytes_ += body.size();
}

MailIdentity MailFingerprint::finish(MailFacts facts) {
  std::ranges::sort(facts.recipients);
  // None of these holds a line end, so that no two mails give the same text.
  std::string text(to_string(facts.direction));
  text += facts.framing == Framing::kDotted ? "\ndotted\n" : "\nchunked\n";
  text += facts.host + "\n" + facts.sender + "\n";
  for (const std::string& recipient : facts.recipients) text += recipient + "\n";
  text += std::to_string(size_bytes_) + "\n" + to_hex(body_.finish());
  return hmac_sha256(key_, bytes_of(text));
}

}  // namespace privyseal::gateway
