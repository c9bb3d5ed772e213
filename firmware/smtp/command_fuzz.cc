// Any line gives a command, and an address that was accepted can be written and read again.
#include <algorithm>
#include <span>

#include "firmware/base/check.h"
#include "firmware/smtp/ascii.h"
#include "firmware/smtp/command.h"
#include "firmware/smtp/utf8.h"

using namespace privyseal::smtp;

namespace {

void check_round_trip(const Address& address) {
  const std::string written = to_string(address);
  CHECK(is_utf8(written) && written.size() + 2 <= kMaxPath);
  CHECK(std::ranges::none_of(written, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }));
  const auto again = parse_mailbox(written);
  CHECK(again && *again == address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const Command command = parse_command(line);
  if (const auto* mail = std::get_if<MailFrom>(&command); mail && mail->reverse_path)
    check_round_trip(*mail->reverse_path);
  if (const auto* recipient = std::get_if<RcptTo>(&command)) {
    check_round_trip(recipient->address);
    CHECK(std::ranges::all_of(recipient->notify + recipient->orcpt, is_graphic));
  }
  if (const auto* mail = std::get_if<MailFrom>(&command))
    CHECK(std::ranges::all_of(mail->ret + mail->envid, is_graphic));
  if (const auto* bad = std::get_if<BadCommand>(&command))
    CHECK(bad->code / 100 == 5 && bad->enhanced.starts_with("5."));
  if (const auto address = parse_mailbox(line)) check_round_trip(*address);
  (void)is_cjsm_domain(line);
  return 0;
}
