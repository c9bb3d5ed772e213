#include "tests/peer/connection.h"

#include <array>
#include <utility>

namespace privyseal::peer {
namespace {

constexpr std::size_t kMaxLineBytes = 4 * 1024 * 1024;

}  // namespace

Result<std::string> Connection::read_line(std::chrono::milliseconds wait) {
  for (;;) {
    const std::size_t end = buffer_.find('\n', scanned_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(start_, end - start_);
      if (line.ends_with('\r')) line.pop_back();
      start_ = scanned_ = end + 1;
      return line;
    }
    if (buffer_.size() - start_ > kMaxLineBytes) return fail(ErrorCode::kInvalid, "connection: endless line");
    buffer_.erase(0, start_);
    start_ = 0;
    scanned_ = buffer_.size();
    if (auto filled = fill(wait); !filled) return std::unexpected(filled.error());
  }
}

Result<std::string> Connection::read_bytes(std::size_t count, std::chrono::milliseconds wait) {
  while (buffer_.size() - start_ < count)
    if (auto filled = fill(wait); !filled) return std::unexpected(filled.error());
  std::string bytes = buffer_.substr(start_, count);
  start_ = scanned_ = start_ + count;
  return bytes;
}

Result<void> Connection::fill(std::chrono::milliseconds wait) {
  std::array<char, 16 * 1024> chunk;
  const auto got = tls_ ? tls_->read(chunk, wait) : socket_->read(chunk, wait);
  if (!got) return std::unexpected(got.error());
  const std::string_view bytes(chunk.data(), *got);
  (tls_ ? received_.encrypted : received_.plain) += bytes;
  buffer_ += bytes;
  return {};
}

Result<void> Connection::write(std::string_view bytes, std::chrono::milliseconds wait) {
  if (tls_) return tls_->write(bytes, wait);
  while (!bytes.empty()) {
    const auto sent = socket_->write(bytes, wait);
    if (!sent) return std::unexpected(sent.error());
    bytes.remove_prefix(*sent);
  }
  return {};
}

Result<void> Connection::start_tls(TlsRole role, const TlsOptions& options, std::chrono::milliseconds wait) {
  buffer_.clear();
  start_ = scanned_ = 0;
  auto stream = role == TlsRole::kClient ? MbedTlsStream::connect(socket_.get(), options, wait)
                                         : MbedTlsStream::accept(socket_.get(), options, wait);
  if (!stream) return std::unexpected(stream.error());
  tls_ = std::move(*stream);
  return {};
}

Connection::Received Connection::take_received() { return std::exchange(received_, {}); }

void Connection::close() {
  if (tls_) tls_->close();
}

}  // namespace privyseal::peer
