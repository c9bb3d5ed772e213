// Whatever a client says in whatever order: no mail before TLS unless it may be clear just then, no body
// without a recipient, an end to nonsense.
#include <optional>

#include "firmware/base/check.h"
#include "firmware/smtp/line_reader.h"
#include "firmware/smtp/server_session.h"

using namespace privyseal;
using namespace privyseal::smtp;

namespace {

ServerSession::Options options(const bool& may_be_clear) {
  return {.hostname = "gw.example",
          .max_recipients = 3,
          .replies = {.starttls_required = make_reply(530, "5.7.0", "x"),
                      .message_too_big = make_reply(552, "5.3.4", "x"),
                      .too_many_recipients = make_reply(452, "4.5.3", "x"),
                      .too_many_errors = make_reply(421, "4.7.0", "x"),
                      .session_used_up = make_reply(421, "4.7.0", "x")},
          .may_be_clear = [&may_be_clear] { return may_be_clear; }};
}

/// Does what an action asks for; the choices come from the input.
class Driver {
 public:
  explicit Driver(unsigned char choices) : is_excepted_(choices >= 128), choices_(choices) {}

  /// False when the session is closed.
  bool on(std::string_view line) {
    const Command command = parse_command(line);
    if (!std::holds_alternative<RcptTo>(command) || !session_.may_add_at_once()) answer_recipients();
    may_be_clear_ = is_excepted_ && choices_ % 8 != 0;
    const Action action = session_.on(command);
    return std::visit([this](const auto& known) { return perform(known); }, action);
  }

 private:
  bool perform(const SendReply& action) { return check(action.reply); }
  bool perform(const DropMail& action) {
    CHECK(!session_.has_open_mail());
    return check(action.reply);
  }
  bool perform(const CloseSession& action) { return check(action.reply) && false; }
  bool perform(const ShakeHands& action) {
    CHECK(!session_.is_secured());
    session_.secured();
    return check(action.reply);
  }
  bool perform(const OpenMail& action) {
    CHECK(!session_.has_open_mail());
    CHECK(session_.is_secured() || (may_be_clear_ && !action.mail.require_tls));
    return answer(mail_accepted());
  }
  bool perform(const AddRecipient&) {
    ++due_recipients_;
    CHECK(session_.has_open_mail() && session_.recipients() + due_recipients_ <= 3);
    return true;
  }
  bool perform(const StartData&) {
    CHECK(is_protected() && session_.recipients() > 0);
    answer(go_ahead());
    if (session_.state() == ServerSession::State::kBody) session_.answered(make_reply(250, "2.0.0", "x"));
    CHECK(!session_.has_open_mail());
    return true;
  }

  void answer_recipients() {
    for (; due_recipients_ > 0; --due_recipients_) answer(recipient_accepted());
  }
  bool perform(const TakeChunk&) {
    CHECK(is_protected() && session_.recipients() > 0);
    return answer(make_reply(250, "2.0.0", "x"));
  }
  bool perform(const SkipChunk& action) {
    CHECK(is_protected());
    return check(action.reply);
  }

  /// As far as this client must be: the question may have another answer by the end of a mail.
  [[nodiscard]] bool is_protected() const { return session_.is_secured() || is_excepted_; }

  bool answer(const Reply& good) {
    choices_ = static_cast<unsigned char>(choices_ * 37 + 11);
    session_.answered(choices_ % 4 == 0 ? make_reply(550, "5.7.1", "x") : good);
    return true;
  }
  static bool check(const Reply& reply) {
    CHECK(!serialise(reply).empty());
    return true;
  }

  bool is_excepted_;
  bool may_be_clear_ = false;
  ServerSession session_{options(may_be_clear_)};
  unsigned char choices_;
  std::size_t due_recipients_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  Driver driver(data[0]);
  LineReader reader(kMaxCommandLine);
  reader.append(std::as_bytes(std::span(data + 1, size - 1)));
  for (auto next = reader.next(); next.state == LineReader::State::kLine; next = reader.next()) {
    if (!driver.on(next.line)) break;
  }
  return 0;
}
