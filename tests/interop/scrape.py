"""What node_exporter on this machine tells Prometheus."""
import urllib.request

print(urllib.request.urlopen("http://127.0.0.1:9100/metrics", timeout=120).read().decode())
