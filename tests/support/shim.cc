#include "tests/support/shim.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <new>

#include "firmware/base/check.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::test {

Shim::Shim(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  CHECK(fd && ::fchmod(fd.get(), 0666) == 0 && ::ftruncate(fd.get(), sizeof(ShimControl)) == 0);
  void* mapped = ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  CHECK(mapped != MAP_FAILED);
  control_ = new (mapped) ShimControl{};
}

Shim::~Shim() {
  release();  // whoever still hangs in it may end
  ::munmap(control_, sizeof(ShimControl));
}

CallCounts Shim::calls() const {
  CallCounts counts;
  for (std::size_t i = 0; i < kShimFunctions.size(); ++i)
    if (const std::uint64_t count = control_->calls[i]; count != 0) counts.emplace(kShimFunctions[i], count);
  return counts;
}

std::uint64_t Shim::calls(std::string_view function) const {
  for (std::size_t i = 0; i < kShimFunctions.size(); ++i)
    if (kShimFunctions[i] == function) return control_->calls[i];
  CHECK(false);
}

void Shim::set_latency(std::chrono::microseconds call, std::chrono::microseconds sign) {
  control_->call_microseconds = static_cast<std::uint32_t>(call.count());
  control_->sign_microseconds = static_cast<std::uint32_t>(sign.count());
}

void Shim::set_latency_of_open(std::chrono::microseconds open) {
  control_->open_microseconds = static_cast<std::uint32_t>(open.count());
}

void Shim::order(const Fault& fault) {
  control_->fault_function = kNoFunction;
  control_->fault_value = fault.value;
  control_->fault_spares = fault.spares;
  control_->fault_left = fault.times;
  control_->fault_stays = fault.stays;
  control_->fault_new_sessions = fault.new_sessions;
  control_->fault_ends = fault.ends_with;
  control_->fault_function = fault.function;  // last: from now on it happens
}

void Shim::hang(std::int32_t function, std::int64_t times) {
  control_->hang_left = times;
  control_->hang_function = function;
}

void Shim::release() {
  control_->hang_function = kNoFunction;
  ++control_->releases;
}

void Shim::remove_token(bool for_good) {
  control_->is_gone_until_finalised = for_good;
  control_->is_absent = true;
  ++control_->restarts;
}

}  // namespace privyseal::test
