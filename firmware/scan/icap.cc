#include <algorithm>
#include <array>
#include <format>

#include "firmware/base/words.h"
#include "firmware/scan/language.h"
#include "firmware/scan/printable.h"

namespace privyseal::scan {
namespace {

constexpr std::string_view kVersion = "ICAP/1.0 ";
constexpr std::string_view kEnd = "\r\n\r\n";
/// The fields by which scanners name what they found; each stands alone for 'infected'.
constexpr std::array<std::string_view, 3> kInfected{"x-infection-found", "x-virus-id", "x-violations-found"};
constexpr std::string_view kNothing = "no threats";  // c-icap's X-Virus-ID of a clean mail

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(), [](char c) { return lower(c); });
  return low;
}

Verdict failed(std::string why) { return {.kind = Verdict::Kind::kFailed, .why = std::move(why)}; }

/// 0: no status line.
int status_of(std::string_view line) {
  if (!line.starts_with(kVersion)) return 0;
  const std::string_view code = line.substr(kVersion.size(), 3);
  const std::string_view rest = line.substr(kVersion.size() + code.size());
  const bool is_number =
      code.size() == 3 && std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number || !(rest.empty() || rest.starts_with(' '))) return 0;
  return (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
}

/// What a field of the header says was found; nothing: no field says so.
std::optional<std::string> infection_in(std::string_view fields) {
  while (!fields.empty()) {
    const std::size_t end = std::min(fields.find("\r\n"), fields.size());
    const std::string_view line = fields.substr(0, end);
    fields.remove_prefix(std::min(end + 2, fields.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (std::ranges::contains(kInfected, lower(trimmed(line.substr(0, colon)))) && lower(value) != kNothing)
      return printable(value);
  }
  return std::nullopt;
}

std::string opening(std::string_view host, std::string_view service) {
  constexpr std::string_view kRequest = "GET http://mail.invalid/mail HTTP/1.1\r\nHost: mail.invalid\r\n\r\n";
  constexpr std::string_view kResponse = "HTTP/1.1 200 OK\r\nContent-Type: message/rfc822\r\n\r\n";
  return std::format(
      "RESPMOD icap://{0}{1} ICAP/1.0\r\nHost: {0}\r\nUser-Agent: Privyseal\r\nAllow: 204\r\n"
      "Connection: close\r\nEncapsulated: req-hdr=0, res-hdr={2}, res-body={3}\r\n\r\n{4}{5}",
      host, service, kRequest.size(), kRequest.size() + kResponse.size(), kRequest, kResponse);
}

constexpr Language kIcap{.opening = opening,
                         .piece_head = [](std::size_t bytes) { return std::format("{:x}\r\n", bytes); },
                         .piece_tail = "\r\n",
                         .end = "0\r\n\r\n",
                         .answer = read_icap_answer};

}  // namespace

const Language& icap() { return kIcap; }

std::optional<Verdict> read_icap_answer(std::string_view so_far) {
  const std::size_t end = so_far.substr(0, kMaxAnswerBytes).find(kEnd);
  if (end == std::string_view::npos) {
    if (so_far.size() < kMaxAnswerBytes) return std::nullopt;
    return failed("its answer does not end");
  }
  const std::string_view header = so_far.substr(0, end);
  const std::string_view line = header.substr(0, header.find("\r\n"));
  const int status = status_of(line);
  if (status == 0) return failed("it does not speak ICAP: " + printable(line));
  const auto found = infection_in(header.substr(line.size()));
  if (found && status / 100 == 2) return Verdict{.kind = Verdict::Kind::kInfected, .why = *found};
  if (status == 204 && end + kEnd.size() == so_far.size())
    return Verdict{.kind = Verdict::Kind::kClean, .why = ""};
  if (status == 200) return failed("it would change the mail, and names no infection");
  return failed("it said: " + printable(line));
}

}  // namespace privyseal::scan
