/// What renewd asks keyd for. Every call may be made again after a kill.
///
/// Threads: one. Ownership: the client must outlive it. Errors: those of hsm::Client, unless said.
#pragma once

#include <string>

#include "ca/csr.h"
#include "hsm/client.h"

namespace privyseal::renewd {

class Keys {
 public:
  explicit Keys(hsm::Client& keyd) : keyd_(keyd) {}

  /// A number that no key called "<identity>-<number>" has.
  [[nodiscard]] Result<std::int64_t> next_number(const std::string& identity);
  /// Makes the key, or adopts it if it is there. kConflict: the name belongs to a key of another role, or
  /// to one that keyd has retired.
  [[nodiscard]] Result<void> make(const std::string& name, hsm::KeyRole role, hsm::KeyType type);
  /// A request that this key has signed, PEM. That it can be made shows that the key answers.
  [[nodiscard]] Result<std::string> request(const std::string& name, const ca::CsrSubject& subject);
  /// SubjectPublicKeyInfo.
  [[nodiscard]] Result<Bytes> public_key(const std::string& name);
  /// A key that keyd does not know any more is retired enough.
  [[nodiscard]] Result<void> retire(const std::string& name);

 private:
  hsm::Client& keyd_;
};

}  // namespace privyseal::renewd
