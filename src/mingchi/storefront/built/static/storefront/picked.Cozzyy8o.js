import{z as o}from"./index-g5H7WGF9.js";const r=o("category",null);export{r as p};
