"""A TCP hop that does one thing wrong at one place of a conversation: the n-th piece that passes, counted over both ways.

SMTP is a talk in turns, so that the n-th piece is the same step of it each time: greeting, EHLO, its reply, and so on
through the handshake to QUIT. A piece is what came in one read after the other side had spoken, however many segments.

Threads: it serves in one of its own. `give` orders the fault of the next connection; unordered ones pass.
"""

import asyncio
import logging
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

# It tells of each task whose connection was reset under it, which is what we are here for.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class Fault(Enum):
    DELAY = "delay"  # half a second before the piece
    DRIP = "one byte a segment"  # from there on
    CUT = "cut"  # half of the piece, then FIN to both
    RESET = "reset"  # half of the piece, then RST to both
    STALL = "stall"  # neither this piece nor any later one, either way; the connection stays open


@dataclass(frozen=True)
class Order:
    fault: Fault
    piece: int  # from 1


@dataclass
class Conversation:
    """What passed on one connection. `turns`: the sides that spoke, one entry a piece."""

    order: Order | None
    turns: list[str] = field(default_factory=list)
    has_struck: bool = False
    is_over: bool = False  # the gateway's side has closed, or reset, or was cut


class FaultProxy:
    """`gateway_is_client`: whether the gateway connects to us, or we connect to it."""

    def __init__(self, listen: int, to: int, gateway_is_client: bool) -> None:
        self._listen, self._to, self._gateway_is_client = listen, to, gateway_is_client
        self._orders: deque[Order] = deque()
        self.conversations: list[Conversation] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        server = asyncio.start_server(self._serve, "127.0.0.1", self._listen)
        self._server = asyncio.run_coroutine_threadsafe(server, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def give(self, order: Order) -> None:
        self._orders.append(order)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Conversation(self._orders.popleft() if self._orders else None)
        self.conversations.append(talk)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            talk.is_over = True
            return
        for end in (writer, far_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ends = (writer, far_writer)
        try:
            await asyncio.gather(self._pump(talk, "client", reader, far_writer, ends),
                                 self._pump(talk, "server", far_reader, writer, ends))
        finally:
            talk.is_over = True
            for end in ends:
                end.close()

    async def _pump(self, talk: Conversation, side: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                    ends: tuple[asyncio.StreamWriter, ...]) -> None:
        try:
            while data := await reader.read(65536):
                if not talk.turns or talk.turns[-1] != side:
                    talk.turns.append(side)
                if talk.order and len(talk.turns) >= talk.order.piece:
                    await self._strike(talk, data, writer, ends)
                else:
                    writer.write(data)
                    await writer.drain()
            writer.write_eof()
        except (ConnectionError, OSError, RuntimeError):
            pass
        finally:
            if (side == "client") == self._gateway_is_client:
                talk.is_over = True

    async def _strike(self, talk: Conversation, data: bytes, writer: asyncio.StreamWriter,
                      ends: tuple[asyncio.StreamWriter, ...]) -> None:
        assert talk.order
        first, talk.has_struck = not talk.has_struck, True
        match talk.order.fault:
            case Fault.STALL:
                return
            case Fault.DELAY if first:
                await asyncio.sleep(0.5)
            case Fault.DRIP:
                for start in range(min(len(data), 3000)):
                    writer.write(data[start:start + 1])
                    await writer.drain()
                    await asyncio.sleep(0)
                data = data[3000:]
            case Fault.CUT | Fault.RESET:
                writer.write(data[:len(data) // 2])
                await writer.drain()
                for end in ends:
                    if talk.order.fault is Fault.RESET:
                        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        end.transport.abort()
                    else:
                        end.close()
                raise ConnectionError
        writer.write(data)
        await writer.drain()
