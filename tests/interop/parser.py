"""Home Assistant's parser on a raw TCP port: a line for each telegram that it reads whole."""
import asyncio
import sys

from dsmr_parser.clients.protocol import create_tcp_dsmr_reader


def print_telegram(telegram):
    print(telegram.CURRENT_ELECTRICITY_USAGE.value, telegram.CURRENT_ELECTRICITY_USAGE.unit, flush=True)


async def read(host, port):
    loop = asyncio.get_running_loop()
    _, protocol = await create_tcp_dsmr_reader(host, port, "5", print_telegram, loop=loop)
    await protocol.wait_closed()


asyncio.run(read(sys.argv[1], int(sys.argv[2])))
