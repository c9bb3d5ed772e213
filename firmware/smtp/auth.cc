#include "firmware/smtp/auth.h"

#include "firmware/base/base64.h"
#include "firmware/base/bytes.h"

namespace privyseal::smtp {
namespace {

constexpr std::size_t kMaxPart = 255;

bool is_part(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPart && !text.contains('\0');
}

void append(Bytes& bytes, std::string_view text) {
  const ByteView view = bytes_of(text);
  bytes.insert(bytes.end(), view.begin(), view.end());
}

}  // namespace

Result<Secret> auth_plain_line(std::string_view user, Secret password) {
  const std::string_view secret = text_of(password.reveal());
  if (!is_part(user)) return fail(ErrorCode::kInvalid, "log-in: no name of 1 to 255 bytes");
  if (!is_part(secret)) return fail(ErrorCode::kInvalid, "log-in: no password of 1 to 255 bytes");
  constexpr std::string_view kCommand = "AUTH PLAIN ";
  // Reserved, so that no part of the password stays behind where the memory was before.
  Bytes message;
  message.reserve(user.size() + secret.size() + 2);
  append(message, std::string_view("\0", 1));
  append(message, user);
  append(message, std::string_view("\0", 1));
  append(message, secret);
  Secret wiped(std::move(message));
  Bytes line;
  line.reserve(kCommand.size() + base64_size(wiped.reveal()) + 2);
  append(line, kCommand);
  append_base64(line, wiped.reveal());
  append(line, "\r\n");
  return Secret(std::move(line));
}

}  // namespace privyseal::smtp
