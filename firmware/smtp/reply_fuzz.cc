// Whatever the next hop says: what we pass on is one clean reply, and the dialogue gives a step for
// it, sends nothing about the mail in clear, and calls a mail delivered only after its end.
#include <algorithm>
#include <string>

#include "firmware/base/check.h"
#include "firmware/smtp/ascii.h"
#include "firmware/smtp/client_dialogue.h"
#include "firmware/smtp/line_reader.h"

using namespace privyseal;
using namespace privyseal::smtp;

namespace {

/// Exactly one reply: every line has the code, only the last one has a space behind it.
void check_clean(const std::string& sent) {
  LineReader reader(512);
  reader.append(bytes_of(sent));
  ReplyParser parser;
  bool is_complete = false;
  for (auto next = reader.next(); next.state != LineReader::State::kNeedMore; next = reader.next()) {
    CHECK(next.state == LineReader::State::kLine && !is_complete);
    CHECK(std::ranges::all_of(next.line, is_printable));
    const auto reply = parser.feed(next.line);
    CHECK(reply.has_value());
    is_complete = reply->has_value();
  }
  CHECK(is_complete && reader.buffered().empty());
}

class Driver {
 public:
  void on(const Reply& reply) {
    const auto step = dialogue_.on_reply(reply);
    CHECK(is_secured_ || step.send.empty() || step.send == "STARTTLS\r\n" || step.send.starts_with("EHLO "));
    using Event = ClientDialogue::Event;
    if (step.event == Event::kHandshake) {
      is_secured_ = true;
      (void)dialogue_.secured();
    }
    if (step.event == Event::kReady) open();
    if (step.event == Event::kMailAccepted && dialogue_.due() == 0) (void)dialogue_.recipient(recipient_);
    if (step.event == Event::kRecipientAccepted) start_body();
    if (step.event == Event::kGoAhead) end_body();
    if (step.event == Event::kDelivered) CHECK(is_ended_ && reply.is_positive());
  }

 private:
  void open() {
    (void)dialogue_.mail(
        {.reverse_path = recipient_.address, .size_bytes = 100, .body = BodyType::k8BitMime});
    if (dialogue_.may_pipeline()) (void)dialogue_.recipient(recipient_);
  }

  void start_body() {
    if (dialogue_.extensions().chunking)
      (void)dialogue_.chunk(5, false);
    else
      (void)dialogue_.start_data();
  }
  void end_body() {
    if (dialogue_.extensions().chunking)
      (void)dialogue_.chunk(0, true);
    else
      (void)dialogue_.end_of_data();
    is_ended_ = true;
  }

  ClientDialogue dialogue_{"gw.example"};
  RcptTo recipient_{.address = {"a", "b.cjsm.net"}};
  bool is_secured_ = false;
  bool is_ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  LineReader reader(kMaxReplyLine);
  reader.append(std::as_bytes(std::span(data, size)));
  ReplyParser parser;
  Driver driver;
  for (auto next = reader.next(); next.state == LineReader::State::kLine; next = reader.next()) {
    const auto reply = parser.feed(next.line);
    if (!reply) break;
    if (!*reply) continue;
    check_clean(serialise(**reply));
    check_clean(serialise(passed_on(**reply)));
    driver.on(**reply);
  }
  return 0;
}
