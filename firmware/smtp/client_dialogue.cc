#include "firmware/smtp/client_dialogue.h"

#include <algorithm>
#include <utility>

#include "firmware/base/check.h"
#include "firmware/smtp/ascii.h"
#include "firmware/smtp/dot_stream.h"

namespace privyseal::smtp {
namespace {

/// RFC 9422 section 4: "RCPTMAX=100 RCPTDOMAINMAX=1"; a limit that is no number, or 0, is none.
void add_limits(Extensions& extensions, std::string_view words) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const std::uint64_t limit = number_from(word.substr(equals + 1)).value_or(0);
    if (equals_ignoring_case(word.substr(0, equals), "RCPTMAX")) extensions.max_recipients = limit;
    if (equals_ignoring_case(word.substr(0, equals), "RCPTDOMAINMAX"))
      extensions.max_recipient_domains = limit;
  }
}

/// Space-separated words of an extension, its name left out.
bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view one = words.substr(0, words.find(' '));
    if (equals_ignoring_case(one, word)) return true;
    words.remove_prefix(std::min(one.size() + 1, words.size()));
  }
  return false;
}

void add_extension(Extensions& extensions, std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::string_view keyword = line.substr(0, space);
  if (equals_ignoring_case(keyword, "STARTTLS")) extensions.starttls = true;
  if (equals_ignoring_case(keyword, "PIPELINING")) extensions.pipelining = true;
  if (equals_ignoring_case(keyword, "8BITMIME")) extensions.eight_bit_mime = true;
  if (equals_ignoring_case(keyword, "SMTPUTF8")) extensions.smtputf8 = true;
  if (equals_ignoring_case(keyword, "DSN")) extensions.dsn = true;
  if (equals_ignoring_case(keyword, "REQUIRETLS")) extensions.require_tls = true;
  if (equals_ignoring_case(keyword, "CHUNKING")) extensions.chunking = true;
  if (equals_ignoring_case(keyword, "AUTH"))
    extensions.auth_plain = has_word(line.substr(keyword.size()), "PLAIN");
  if (equals_ignoring_case(keyword, "LIMITS"))
    add_limits(extensions, line.substr(std::min(keyword.size() + 1, line.size())));
  if (!equals_ignoring_case(keyword, "SIZE")) return;
  // RFC 1870 section 4: no number and 0 both mean no fixed limit.
  const auto limit = space == std::string_view::npos ? 0 : number_from(line.substr(space + 1));
  extensions.size = limit.has_value();
  extensions.max_size_bytes = limit.value_or(0);
}

}  // namespace

std::string_view to_string(HopFailure failure) {
  switch (failure) {
    case HopFailure::kNone:
      return "none";
    case HopFailure::kUnwelcome:
      return "turned us away";
    case HopFailure::kNoStartTls:
      return "offers no STARTTLS";
    case HopFailure::kStartTlsRefused:
      return "refused STARTTLS";
    case HopFailure::kLoginRefused:
      return "refused our log-in";
    case HopFailure::kProtocol:
      return "sent a reply out of place";
    case HopFailure::kClosing:
      return "is closing";
  }
  return "unknown failure";
}

Extensions parse_extensions(const Reply& ehlo_reply) {
  Extensions extensions;
  for (std::size_t i = 1; i < ehlo_reply.lines.size(); ++i) add_extension(extensions, ehlo_reply.lines[i]);
  return extensions;
}

ClientDialogue::ClientDialogue(std::string hostname, TlsStart tls_start)
    : hostname_(std::move(hostname)),
      tls_start_(tls_start),
      stage_(tls_start == TlsStart::kImplicit ? Stage::kHandshake : Stage::kConnecting) {
  CHECK(is_domain(hostname_));
  if (tls_start == TlsStart::kStartTls) due_.push_back(Due::kGreeting);
}

ClientDialogue::Step ClientDialogue::on_reply(const Reply& reply) {
  if (due_.empty()) return on_unasked(reply);
  const Due due = due_.front();
  due_.pop_front();
  switch (due) {
    case Due::kGreeting:
      if (!reply.is_positive()) return fail_with(turned_away(reply));
      due_.push_back(tls_start_ == TlsStart::kImplicit ? Due::kEhlo : Due::kClearEhlo);
      return {Event::kContinue, "EHLO " + hostname_ + "\r\n"};
    case Due::kClearEhlo:
      return on_clear_ehlo(reply);
    case Due::kStartTls:
      return on_start_tls(reply);
    case Due::kEhlo:
      if (!reply.is_positive()) return fail_with(turned_away(reply));
      extensions_ = parse_extensions(reply);
      stage_ = Stage::kReady;
      return {Event::kReady, ""};
    case Due::kLogin:
      return on_login(reply);
    case Due::kMail:
      return on_mail(reply);
    case Due::kRecipient:
      return on_recipient(reply);
    case Due::kData:
      return on_data(reply);
    case Due::kChunk:
      return on_chunk(reply);
    case Due::kVerdict:
      return on_verdict(reply);
    case Due::kQuit:
      return {Event::kBye, ""};
  }
  CHECK(false);
  std::unreachable();
}

ClientDialogue::Step ClientDialogue::on_clear_ehlo(const Reply& reply) {
  if (!reply.is_positive()) return fail_with(turned_away(reply));
  if (!parse_extensions(reply).starttls) return fail_with(HopFailure::kNoStartTls);
  due_.push_back(Due::kStartTls);
  return {Event::kContinue, "STARTTLS\r\n"};
}

ClientDialogue::Step ClientDialogue::on_start_tls(const Reply& reply) {
  if (reply.code == 421) return fail_with(HopFailure::kClosing);
  if (reply.is_transient() || reply.is_permanent()) return fail_with(HopFailure::kStartTlsRefused);
  if (reply.code != 220) return fail_with(HopFailure::kProtocol);
  stage_ = Stage::kHandshake;
  return {Event::kHandshake, ""};
}

ClientDialogue::Step ClientDialogue::on_login(const Reply& reply) {
  if (reply.code == 421) return fail_with(HopFailure::kClosing);
  if (reply.code != 235) return fail_with(HopFailure::kLoginRefused);
  return {Event::kReady, ""};
}

void ClientDialogue::logging_in() {
  CHECK(stage_ == Stage::kReady && due_.empty() && extensions_.auth_plain);
  due_.push_back(Due::kLogin);
}

ClientDialogue::Step ClientDialogue::on_mail(const Reply& reply) {
  if (reply.is_intermediate()) return fail_with(HopFailure::kProtocol);
  // RFC 5321 section 3.8: not a word about this mail.
  if (reply.code == 421) return fail_with(HopFailure::kClosing);
  if (!reply.is_positive()) return over(Event::kMailRefused, reply);
  mail_accepted_ = true;
  return {Event::kMailAccepted, ""};
}

ClientDialogue::Step ClientDialogue::on_recipient(const Reply& reply) {
  if (reply.is_intermediate()) return fail_with(HopFailure::kProtocol);
  // Not a word about this recipient: there is no mail any more, and no command may follow.
  if (reply.code == 421) return fail_with(HopFailure::kClosing);
  if (!reply.is_positive()) return {Event::kRecipientRefused, ""};
  // A hop that refused the sender cannot mean this; do not build on it.
  if (!mail_accepted_) return fail_with(HopFailure::kProtocol);
  ++recipients_;
  return {Event::kRecipientAccepted, ""};
}

ClientDialogue::Step ClientDialogue::on_data(const Reply& reply) {
  if (reply.is_positive()) return fail_with(HopFailure::kProtocol);
  if (!reply.is_intermediate()) return over(Event::kDataRefused, reply);
  stage_ = Stage::kBody;
  is_body_open_ = true;
  return {Event::kGoAhead, ""};
}

ClientDialogue::Step ClientDialogue::on_chunk(const Reply& reply) {
  if (reply.is_intermediate()) return fail_with(HopFailure::kProtocol);
  if (!reply.is_positive()) return over(Event::kNotDelivered, reply);
  return {Event::kGoAhead, ""};
}

ClientDialogue::Step ClientDialogue::on_verdict(const Reply& reply) {
  if (reply.is_intermediate()) return fail_with(HopFailure::kProtocol);
  return over(reply.is_positive() ? Event::kDelivered : Event::kNotDelivered, reply);
}

/// Nothing was asked: the hop may refuse a body in its middle, or say that it goes away.
ClientDialogue::Step ClientDialogue::on_unasked(const Reply& reply) {
  const bool is_refusal = reply.is_transient() || reply.is_permanent();
  if (stage_ == Stage::kBody && is_refusal) return over(Event::kNotDelivered, reply);
  return fail_with(reply.code == 421 ? HopFailure::kClosing : HopFailure::kProtocol);
}

HopFailure ClientDialogue::turned_away(const Reply& reply) {
  if (reply.code == 421) return HopFailure::kClosing;
  return reply.is_transient() || reply.is_permanent() ? HopFailure::kUnwelcome : HopFailure::kProtocol;
}

ClientDialogue::Step ClientDialogue::over(Event event, const Reply& reply) {
  stage_ = Stage::kOver;
  if (reply.code == 421) failure_ = HopFailure::kClosing;
  return {event, ""};
}

ClientDialogue::Step ClientDialogue::fail_with(HopFailure why) {
  stage_ = Stage::kOver;
  if (failure_ == HopFailure::kNone) failure_ = why;
  due_.clear();
  return {Event::kFailed, ""};
}

std::string ClientDialogue::secured() {
  CHECK(stage_ == Stage::kHandshake && due_.empty());
  stage_ = Stage::kConnecting;
  if (tls_start_ == TlsStart::kImplicit) {
    due_.push_back(Due::kGreeting);
    return "";
  }
  due_.push_back(Due::kEhlo);
  return "EHLO " + hostname_ + "\r\n";
}

ClientDialogue::Missing ClientDialogue::missing_for(const MailFrom& mail) const {
  if (mail.smtputf8 && !extensions_.smtputf8) return Missing::kSmtpUtf8;
  if (mail.require_tls && !extensions_.require_tls) return Missing::kRequireTls;
  return Missing::kNothing;
}

std::string ClientDialogue::mail(const MailFrom& mail) {
  CHECK(stage_ == Stage::kReady && due_.empty() && missing_for(mail) == Missing::kNothing);
  stage_ = Stage::kEnvelope;
  due_.push_back(Due::kMail);
  std::string line = "MAIL FROM:<" + (mail.reverse_path ? to_string(*mail.reverse_path) : "") + ">";
  if (mail.size_bytes && extensions_.size) line += " SIZE=" + std::to_string(*mail.size_bytes);
  // Whether 8-bit bytes really come is seen only in the body; the driver then refuses it.
  if (mail.body == BodyType::k8BitMime && extensions_.eight_bit_mime) line += " BODY=8BITMIME";
  if (mail.smtputf8) line += " SMTPUTF8";
  if (mail.require_tls) line += " REQUIRETLS";
  // Our EHLO offers DSN only while the hop does; for one that has just ceased to, the mail counts for more.
  if (extensions_.dsn && !mail.ret.empty()) line += " RET=" + mail.ret;
  if (extensions_.dsn && !mail.envid.empty()) line += " ENVID=" + mail.envid;
  return line + "\r\n";
}

bool ClientDialogue::may_add(const Address& address) const {
  const auto& [max_recipients, max_domains] =
      std::pair(extensions_.max_recipients, extensions_.max_recipient_domains);
  if (max_recipients != 0 && asked_ >= max_recipients) return false;
  return max_domains == 0 || domains_.size() < max_domains || domains_.contains(address.domain);
}

std::string ClientDialogue::recipient(const RcptTo& recipient) {
  CHECK(stage_ == Stage::kEnvelope && (may_pipeline() || (mail_accepted_ && due_.empty())));
  CHECK(may_add(recipient.address));
  ++asked_;
  domains_.insert(recipient.address.domain);
  due_.push_back(Due::kRecipient);
  std::string line = "RCPT TO:<" + to_string(recipient.address) + ">";
  if (extensions_.dsn && !recipient.notify.empty()) line += " NOTIFY=" + recipient.notify;
  if (extensions_.dsn && !recipient.orcpt.empty()) line += " ORCPT=" + recipient.orcpt;
  return line + "\r\n";
}

std::string ClientDialogue::start_data() {
  CHECK(stage_ == Stage::kEnvelope && due_.empty() && recipients_ > 0);
  due_.push_back(Due::kData);
  return "DATA\r\n";
}

std::string ClientDialogue::chunk(std::uint64_t size_bytes, bool is_last) {
  const bool is_first = stage_ == Stage::kEnvelope && recipients_ > 0;
  CHECK(extensions_.chunking && due_.empty() && (is_first || (stage_ == Stage::kBody && is_chunked_)));
  stage_ = is_last ? Stage::kVerdict : Stage::kBody;
  is_chunked_ = true;
  is_body_open_ = !is_last;
  due_.push_back(is_last ? Due::kVerdict : Due::kChunk);
  return "BDAT " + std::to_string(size_bytes) + (is_last ? " LAST\r\n" : "\r\n");
}

std::string ClientDialogue::end_of_data() {
  CHECK(stage_ == Stage::kBody && !is_chunked_);
  stage_ = Stage::kVerdict;
  is_body_open_ = false;
  due_.push_back(Due::kVerdict);
  return std::string(kEndOfData);
}

std::string ClientDialogue::quit() {
  // Inside a body it would be text, and while a reply is due nobody reads it in time.
  if (!due_.empty() || is_body_open_ || stage_ == Stage::kHandshake) return "";
  stage_ = Stage::kOver;
  due_.push_back(Due::kQuit);
  return "QUIT\r\n";
}

bool ClientDialogue::may_take(std::uint64_t size_bytes) const {
  return extensions_.max_size_bytes == 0 || size_bytes <= extensions_.max_size_bytes;
}

}  // namespace privyseal::smtp
