#include "hsm/keyd/workers.h"

#include <sys/eventfd.h>

namespace privyseal::keyd {

Result<std::unique_ptr<Workers>> Workers::start(std::size_t count, Desk& desk, Token& token) {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("eventfd");
  std::unique_ptr<Workers> workers(new Workers(std::move(wake), desk, token));
  for (std::size_t i = 0; i < count; ++i) workers->threads_.emplace_back([&all = *workers] { all.work(); });
  return workers;
}

Workers::~Workers() { jobs_.close(); }

void Workers::work() {
  WorkSession session(token_);
  while (auto job = jobs_.pop()) {
    const auto answer = desk_.perform(job->permit, job->request, session);
    if (job->connection->answer_admitted(answer)) ::eventfd_write(wake_.get(), 1);
  }
}

void Workers::clear_wake() const {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
}

}  // namespace privyseal::keyd
