"""LitServe and onnxruntime: answers `{"x": [...]}` with `{"y": [...], "confidence": [...]}`."""

import os
from typing import Any

import litserve as ls
import numpy as np
import onnxruntime as ort


class DigitsAPI(ls.LitAPI):
    def setup(self, device: str) -> None:  # noqa: ARG002
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # each system has one core
        self.session = ort.InferenceSession(os.environ["MODEL"], options)

    def decode_request(self, request: dict[str, Any]) -> Any:
        """Images n×28×28 or n×28×28×1, 0 to 255 or 0 to 1."""
        x = np.array(request["x"], dtype=np.float32).reshape(-1, 28, 28, 1)
        if x.max() > 1:
            x /= 255
        return x

    def predict(self, x: Any) -> Any:
        return self.session.run(None, {"images": x})[0]

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"y": output.argmax(axis=1).tolist(), "confidence": output.max(axis=1).tolist()}


if __name__ == "__main__":
    server = ls.LitServer(DigitsAPI(api_path="/predict/batch"), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False)
