"""`python -m bench.no_op PORT`: the least that a route can do, served as the collector is."""

import sys

import uvicorn
from fastapi import FastAPI, Response

app = FastAPI()


@app.post("/v1/track")
async def track() -> Response:
    return Response(b'{"success":true}', media_type="application/json")


@app.get("/readyz")
async def ready() -> Response:
    return Response()


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False, server_header=False)
